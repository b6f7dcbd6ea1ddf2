/** What holds for everything on a host that is no link: addresses, routes, rules, neighbours; seen by `ip`, not by the provider. */
import assert from "node:assert/strict";
import { status, type ServiceError } from "@grpc/grpc-js";
import type { Bag } from "../../provider/wire";
import type { Made, Plugin } from "../provider/plugin";
import { eventually } from "./eventually";

/** A host with a plugin on it, and hands that are not the plugin's. */
interface ObjectHost {
    plugin: Plugin;
    run: (...argv: string[]) => Promise<string>;
}

/** What one kind of object is tried with. */
export interface ObjectLife {
    /** `Route` of `kvmnet:host:Route`, and what tells one from another of the same kind. */
    kind: string;
    title: string;
    id: string;
    inputs: Bag;
    /** What `ip` then prints of it; empty when it is gone. */
    see: string[];
    seen: RegExp;
    /** A change that costs nothing, and what `ip` then prints. */
    changed?: Bag;
    thenSeen?: RegExp;
    /** A change by hand, and the properties in which a refresh shows it. */
    byHand?: string[];
    drifts?: string[];
    /** A change that needs another object, and the property that tells. */
    replaced: Bag;
    replaces: string;
    /** Makes by hand what `inputs` describe. */
    made: string[];
    /** What an import tells otherwise than `inputs`: what the kernel decided by itself. */
    imported?: Bag;
    /** Takes it away by hand. */
    gone: string[];
    /** Input that is refused: the property, and what its message says. */
    bad: [inputs: Bag, property: string, says: RegExp][];
}

/** Tests of all that objects have in common. The links that it stands on must be there. */
export function describeObjectLife(life: ObjectLife, host: () => ObjectHost): void {
    const type = `kvmnet:host:${life.kind}`;
    const see = () => host().run(...life.see);
    const wanted = async (more: Bag = {}) => (await host().plugin.check(type, { ...life.inputs, ...more })).inputs;
    const create = (resource = "it", more: Bag = {}) =>
        host().plugin.create(type, resource, { ...life.inputs, ...more });
    /** What a refresh finds that differs from what is declared. */
    const drift = async ({ state }: Made) => {
        const read = await host().plugin.read(type, "it", life.id, await wanted(), state);
        return (await host().plugin.diff(type, read.state, await wanted())).diffsList.sort();
    };
    let made: Made;

    describe(life.title, () => {
        it("is made, and reads back as it was declared", async () => {
            made = await create();
            assert.equal(made.id, life.id);
            assert.match(await see(), life.seen);
            assert.deepEqual((await host().plugin.diff(type, made.state, await wanted())).diffsList, []);
        });

        it("made again by the same resource is the same one, and is refused to another", async () => {
            assert.deepEqual(await create(), made);
            await assert.rejects(create("other"), (error: ServiceError) => {
                assert.equal(error.code, status.ALREADY_EXISTS);
                assert.match(error.details, /belongs to resource it of stack shop\/dev/);
                return true;
            });
        });

        it("refreshed is as it was", async () => {
            const read = await host().plugin.read(type, "it", life.id, await wanted(), made.state);
            assert.deepEqual(read.state, made.state);
        });

        const { changed, thenSeen, byHand, drifts } = life;
        if (changed && thenSeen)
            it("changes live, and back", async () => {
                const diff = await host().plugin.diff(type, made.state, await wanted(changed));
                assert.deepEqual(diff.replacesList, []);
                assert.notDeepEqual(diff.diffsList, []);
                made.state = await host().plugin.update(type, "it", made, { ...life.inputs, ...changed });
                assert.match(await see(), thenSeen);
                assert.deepEqual((await host().plugin.diff(type, made.state, await wanted(changed))).diffsList, []);
                made.state = await host().plugin.update(type, "it", made, life.inputs);
                assert.match(await see(), life.seen);
            });

        if (byHand && drifts)
            it("changed by hand shows it to a refresh, and gets it back", async () => {
                await host().run(...byHand);
                // What a refresh tells may be a second old.
                await eventually(async () => assert.deepEqual(await drift(made), drifts));
                made.state = await host().plugin.update(type, "it", made, life.inputs);
                assert.match(await see(), life.seen);
            });

        it("taken away by hand is gone to a refresh, and is made again", async () => {
            await host().run(...life.gone);
            await eventually(async () =>
                assert.equal((await host().plugin.read(type, "it", life.id, await wanted(), made.state)).id, ""),
            );
            made = await create();
            assert.match(await see(), life.seen);
        });

        it(`is replaced when ${life.replaces} changes`, async () => {
            const diff = await host().plugin.diff(type, made.state, await wanted(life.replaced));
            assert.deepEqual(diff.replacesList, [life.replaces]);
        });

        it("is gone after delete with what was noted of it, and a second delete is success", async () => {
            await host().plugin.delete(type, "it", made);
            assert.equal(await see(), "");
            await host().plugin.delete(type, "it", made);
        });

        it("that somebody else made is refused, with the line that imports it, and left alone", async () => {
            await host().run(...life.made);
            const before = await see();
            await assert.rejects(create("mine"), (error: ServiceError) => {
                assert.equal(error.code, status.ALREADY_EXISTS);
                assert.match(error.details, /carries no owner mark/);
                assert.ok(error.details.includes(`pulumi import ${type} mine`), error.details);
                assert.ok(error.details.includes(life.id), error.details);
                return true;
            });
            await host().plugin.delete(type, "mine", {
                id: life.id,
                state: { ...made.state, owner: "kvmnet:0:x", objectId: "9999" },
            });
            assert.equal(await see(), before);
        });

        it("is imported as it stands: the next preview is empty, an update makes it ours", async () => {
            const before = await see();
            const read = await host().plugin.read(type, "imported", life.id);
            assert.equal(await see(), before, "an import writes nothing");
            const { inputs, failures } = await host().plugin.check(type, read.inputs);
            assert.deepEqual(failures, {});
            assert.deepEqual((await host().plugin.diff(type, read.state, inputs)).diffsList, []);
            const declared = await wanted(life.imported);
            assert.deepEqual((await host().plugin.diff(type, read.state, declared)).diffsList, []);
            const state = await host().plugin.update(type, "imported", read, inputs);
            assert.match(await see(), life.seen);
            await host().plugin.delete(type, "imported", { id: life.id, state });
            assert.equal(await see(), "");
        });

        for (const [inputs, property, says] of life.bad)
            it(`refuses ${property}: ${JSON.stringify(inputs)}`, async () => {
                const { failures } = await host().plugin.check(type, { ...life.inputs, ...inputs });
                assert.match(failures[property] ?? JSON.stringify(failures), says);
            });
    });
}

/** A line as a program's arguments. */
export const argv = (line: string): string[] => line.split(" ");
