/** What holds for every link that the provider makes, whatever its kind; seen by `ip`, not by the provider. */
import assert from "node:assert/strict";
import { status, type ServiceError } from "@grpc/grpc-js";
import type { Bag } from "../../provider/wire";
import { eventually } from "./eventually";
import type { FakeEngine } from "../provider/fake-engine";
import { unfinishedOf, type Made, type Plugin } from "../provider/plugin";

/** A link as `ip -json -details link` tells it. */
export interface SeenLink {
    ifname: string;
    ifindex: number;
    link?: string;
    master?: string;
    mtu: number;
    txqlen: number;
    address: string;
    ifalias?: string;
    flags: string[];
    linkinfo?: { info_kind?: string; info_data?: Record<string, unknown>; info_slave_data?: Record<string, unknown> };
}

/** A host with a plugin on it, and eyes and hands that are not the plugin's. */
export interface LinkHost {
    plugin: Plugin;
    engine: FakeEngine;
    run: (...argv: string[]) => Promise<string>;
}

export async function linksOf({ run }: LinkHost): Promise<SeenLink[]> {
    return JSON.parse(await run("ip", "-json", "-details", "link", "show")) as SeenLink[];
}

export async function linkOf(host: LinkHost, name: string): Promise<SeenLink | undefined> {
    return (await linksOf(host)).find(({ ifname }) => ifname === name);
}

/** What one kind of link is tried with. */
export interface LinkLife {
    /** `Vxlan` of `kvmnet:host:Vxlan`. */
    kind: string;
    inputs: Bag & { name: string };
    /** What `ip` then prints of it, out of what it prints. */
    seen: object;
    /** A change that costs nothing, and what `ip` then prints. */
    changed: Bag;
    thenSeen: object;
    /** A change by hand, and the property in which a refresh shows it. */
    byHand: string[];
    drifts: string;
    /** A change that needs another link, and the property that tells. */
    replaced: Bag;
    replaces: string;
    /** Makes by hand what `inputs` describe. */
    made: string[][];
    /** Input that is refused: the property, and what its message says. */
    bad: [inputs: Bag, property: string, says: RegExp][];
}

/** Tests of all that links have in common. The links that it stands on must be there. */
export function describeLinkLife(life: LinkLife, host: () => LinkHost): void {
    const type = `kvmnet:host:${life.kind}`;
    const { name } = life.inputs;
    const see = async () => {
        const link = await linkOf(host(), name);
        assert.ok(link, `there is no link ${name}`);
        return link;
    };
    const create = (resource = "it") => host().plugin.create(type, resource, life.inputs);
    let made: Made;

    describe(`host:${life.kind}`, () => {
        it("is made, marked and up", async () => {
            made = await create();
            const link = await see();
            assertWithin(link, life.seen);
            assert.equal(link.ifalias, made.state.owner);
            assert.ok(link.flags.includes("UP"));
            assertWithin(made.state, life.inputs);
            assert.match(String(made.state.objectId), new RegExp(` link ${link.ifindex}$`));
        });

        it("made again is the same link", async () => {
            const again = await create();
            assert.deepEqual(again, made);
        });

        it("refreshed is as it was, and makes no difference", async () => {
            const seen = await host().plugin.read(type, "it", name, life.inputs, made.state);
            assert.deepEqual(seen.state, made.state);
            const diff = await host().plugin.diff(
                type,
                seen.state,
                (await host().plugin.check(type, life.inputs)).inputs,
            );
            assert.deepEqual(diff.diffsList, []);
        });

        it("changes live", async () => {
            const { inputs } = await host().plugin.check(type, { ...life.inputs, ...life.changed });
            const diff = await host().plugin.diff(type, made.state, inputs);
            assert.deepEqual([diff.diffsList.sort(), diff.replacesList], [Object.keys(life.changed).sort(), []]);
            made.state = await host().plugin.update(type, "it", made, inputs);
            assertWithin(made.state, life.changed);
            const link = await see();
            assertWithin(link, life.thenSeen);
            assert.match(String(made.state.objectId), new RegExp(` link ${link.ifindex}$`));
        });

        it("goes back to what the kernel has where nothing is told any more", async () => {
            made.state = await host().plugin.update(type, "it", made, life.inputs);
            assertWithin(await see(), life.seen);
        });

        it("changed by hand shows it to a refresh, and gets it back", async () => {
            await host().run(...life.byHand);
            const wanted = (await host().plugin.check(type, life.inputs)).inputs;
            // What a refresh tells may be a second old.
            await eventually(async () => {
                const { state } = await host().plugin.read(type, "it", name, life.inputs, made.state);
                assert.deepEqual((await host().plugin.diff(type, state, wanted)).diffsList, [life.drifts]);
            });
            made.state = await host().plugin.update(type, "it", made, life.inputs);
            assertWithin(await see(), life.seen);
        });

        it("set down by hand does not work, which a refresh says and an update repairs", async () => {
            await host().run("ip", "link", "set", "dev", name, "down");
            await eventually(async () => {
                const read = host().plugin.read(type, "it", name, life.inputs, made.state);
                const unfinished = unfinishedOf(await read.catch((error: unknown) => error));
                assert.match(unfinished?.reasons.join() ?? "", /it is set down/);
            });
            made.state = await host().plugin.update(type, "it", made, life.inputs);
            assert.ok((await see()).flags.includes("UP"));
        });

        it("is ours without its mark as long as it is the same link, and not one of that index after a reboot", async () => {
            const knownAs = (objectId: string): Made => ({ ...made, state: { ...made.state, objectId } });
            const objectId = String(made.state.objectId);
            const rebooted = knownAs(objectId.replace(/[0-9a-f-]{36}/, "00000000-0000-0000-0000-000000000000"));
            const ofUnknownLife = knownAs(objectId.replace(/^.* /, ""));
            const idOf = async ({ state }: Made) => (await host().plugin.read(type, "it", name, life.inputs, state)).id;
            assert.equal(await idOf(ofUnknownLife), name);
            await host().run("ip", "link", "set", "dev", name, "alias", "");
            await eventually(async () => assert.equal(await idOf(rebooted), ""));
            assert.deepEqual([await idOf(made), await idOf(ofUnknownLife)], [name, ""]);
            await assert.rejects(host().plugin.update(type, "it", rebooted, life.inputs), /carries no owner mark/);
            await host().plugin.delete(type, "it", rebooted);
            assert.equal((await see()).ifalias, undefined);
            made.state = await host().plugin.update(type, "it", made, life.inputs);
            assert.equal((await see()).ifalias, made.state.owner);
        });

        it(`is replaced when ${life.replaces} changes, the old one first where the name stays`, async () => {
            const { inputs } = await host().plugin.check(type, { ...life.inputs, ...life.replaced });
            const diff = await host().plugin.diff(type, made.state, inputs);
            assert.deepEqual(
                [diff.replacesList, diff.deletebeforereplace],
                [[life.replaces], life.replaces !== "name"],
            );
        });

        it("is gone after delete, and a second delete is success", async () => {
            await host().plugin.delete(type, "it", made);
            assert.equal(await linkOf(host(), name), undefined);
            await host().plugin.delete(type, "it", made);
            const seen = await host().plugin.read(type, "it", name, life.inputs, made.state);
            assert.equal(seen.id, "");
        });

        it("that somebody else made is refused, with the line that imports it, and left alone", async () => {
            for (const command of life.made) await host().run(...command);
            const before = await see();
            await assert.rejects(create("mine"), (error: ServiceError) => {
                assert.equal(error.code, status.ALREADY_EXISTS);
                assert.match(error.details, new RegExp(`carries no owner mark.*pulumi import ${type} mine ${name}`));
                return true;
            });
            await host().plugin.delete(type, "mine", { id: name, state: { ...life.inputs, owner: "kvmnet:0:x" } });
            assert.deepEqual(withoutTimers(await see()), withoutTimers(before));
        });

        it("is imported as it stands: the next preview is empty, and the next update marks it", async () => {
            const seen = await host().plugin.read(type, "imported", name);
            assertWithin(seen.inputs, life.inputs);
            const { inputs, failures } = await host().plugin.check(type, seen.inputs);
            assert.deepEqual(failures, {});
            assert.deepEqual((await host().plugin.diff(type, seen.state, inputs)).diffsList, []);
            const wanted = (await host().plugin.check(type, life.inputs)).inputs;
            assert.deepEqual((await host().plugin.diff(type, seen.state, wanted)).diffsList, []);
            assert.equal((await see()).ifalias, undefined, "an import writes nothing");
            const state = await host().plugin.update(type, "imported", seen, inputs);
            assert.match((await see()).ifalias ?? "", /^kvmnet:/);
            await host().plugin.delete(type, "imported", { id: name, state });
            assert.equal(await linkOf(host(), name), undefined);
        });

        it("of another kind under that name is left alone", async () => {
            const other = life.kind === "Bridge" ? "veth" : "bridge";
            await host().run("ip", "link", "add", "name", name, "type", other);
            await assert.rejects(create("mine"), new RegExp(`it is a ${other}`));
            await assert.rejects(host().plugin.read(type, "mine", name), new RegExp(`it is a ${other}`));
            await host().run("ip", "link", "delete", "dev", name);
        });

        for (const [inputs, property, says] of life.bad)
            it(`refuses ${property}: ${JSON.stringify(inputs)}`, async () => {
                const { failures } = await host().plugin.check(type, { ...life.inputs, ...inputs });
                assert.match(failures[property] ?? JSON.stringify(failures), says);
            });
    });
}

/** A bridge prints timers that run. */
const withoutTimers = (link: SeenLink): unknown =>
    JSON.parse(JSON.stringify(link), (key, value: unknown) => (key.endsWith("_timer") ? undefined : value));

/** That all of `expected` is in `actual`, which may hold more. */
export function assertWithin(actual: unknown, expected: unknown): void {
    assert.deepEqual(part(actual, expected), expected);
}

function part(actual: unknown, expected: unknown): unknown {
    if (Array.isArray(expected) || typeof expected !== "object" || expected === null) return actual;
    if (typeof actual !== "object" || actual === null) return actual;
    return Object.fromEntries(
        Object.entries(expected).map(([key, value]) => [key, part((actual as Record<string, unknown>)[key], value)]),
    );
}
