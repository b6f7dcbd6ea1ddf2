import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import type { Host } from "../../provider/host";
import { HostError } from "../../provider/host/errors";
import type { Link } from "../../provider/host/links";
import { Replica } from "../../provider/host/ovsdb/replica";
import { Snapshot } from "../../provider/host/snapshot";
import { create, Unfinished, update } from "../../provider/lifecycle";
import { ownerOf } from "../../provider/owner";
import { ip, ovsdb, type Plan } from "../../provider/plan";
import type { HostResource } from "../../provider/resource";

interface Thing {
    name: string;
}

const RETAGGED_BACK = { op: "update", table: "Port", row: { tag: 4 } };

const owner = ownerOf("urn:pulumi:dev::shop::kvmnet:test:Thing::it");

/** A host that counts how often its links are listed. */
class CountingHost {
    listings = 0;
    /** What had been changed when each of them was read. */
    readonly listedAfter: string[][] = [];
    /** By what each change was made. */
    readonly changes: string[] = [];
    /** The operations of each change of the switch. */
    readonly written: unknown[][] = [];
    /** What the next change of the switch ends with. */
    refusal: HostError | undefined;
    private readonly all = new Snapshot(() => {
        this.listings++;
        this.listedAfter.push([...this.changes]);
        return Promise.resolve(new Map<string, Link>());
    });

    at = ({ readSince = Infinity }: { readSince?: number }): Host =>
        ({
            at: this.at,
            links: () => this.all.get(0, readSince),
            kernel: {
                written: () => this.all.outdated(),
                plugged: () => this.all.outdatedBeside(),
                change: (program: string) => this.change(program),
            },
            ovsdb: {
                commit: async (_: string, operations: unknown[], _timeoutMs: unknown, meanwhile?: () => void) => {
                    meanwhile?.();
                    await setTimeout(1);
                    this.written.push(operations);
                    return this.change("ovsdb");
                },
            },
            switch: () => Promise.resolve(new Replica()),
            status: () => undefined,
        }) as unknown as Host;

    private async change(via: string): Promise<void> {
        this.changes.push(via);
        const { refusal } = this;
        this.refusal = undefined;
        await Promise.resolve();
        if (refusal) throw refusal;
    }
}

/** @param plan what an update does */
const thing = (plan: Plan, found: () => void = () => undefined): HostResource<Thing> => ({
    type: "kvmnet:test:Thing",
    title: "thing",
    description: "",
    schema: z.strictObject({ name: z.string() }),
    cost: { name: "update" },
    find: async (host, name) => {
        await host.links();
        found();
        return { state: { name }, mark: owner.mark };
    },
    create: () => plan,
    update: () => plan,
    delete: () => plan,
});

describe("what a change has made", () => {
    const known = { state: { name: "t" }, mark: owner.mark };
    const since = (since: number) => ({ owner, known, since, warn: () => Promise.resolve() });
    const retag = ovsdb("tags", [{ op: "update", table: "Port", row: { tag: 5 } }]);
    const stranger = () => ({ owner, since: performance.now(), warn: () => Promise.resolve() });
    let host: CountingHost;
    beforeEach(() => (host = new CountingHost()));

    it("is read after it, always", async () => {
        let looks = 0;
        await update(
            thing([retag], () => void looks++),
            host.at({}),
            { name: "t" },
            since(performance.now()),
        );
        assert.equal(looks, 2);
    });

    it("is read from links that are listed anew where links may have changed", async () => {
        await update(thing([ip("sets", [["link", "set"]])]), host.at({}), { name: "t" }, since(performance.now()));
        assert.equal(host.listings, 2);
    });

    it("is read from the links that the step began with where none can have changed", async () => {
        await update(thing([retag]), host.at({}), { name: "t" }, since(performance.now()));
        assert.equal(host.listings, 1);
    });

    it("is read from links that were listed after they were made and while the switch took them up", async () => {
        const makes = ip("makes", [["tuntap", "add"]]);
        const plugs = ovsdb("plugs", [{ op: "insert", table: "Interface", row: { name: "t" } }]);
        await update(thing([makes, plugs]), host.at({}), { name: "t" }, since(performance.now()));
        assert.deepEqual(host.listedAfter, [[], ["ip"]]);
        assert.deepEqual(host.changes, ["ip", "ovsdb"]);
    });

    it("is read from the links that were asked for while the step's properties were still being read", async () => {
        const began = performance.now();
        await host.at({}).links();
        await update(thing([retag]), host.at({}), { name: "t" }, since(began));
        assert.equal(host.listings, 1);
    });

    it("is looked at anew where a first look met what may be half made", async () => {
        let looks = 0;
        const half = {
            ...thing([retag]),
            find: async (at: Host) => {
                await at.links();
                return { state: { name: "t" }, ...(++looks > 1 ? { mark: owner.mark } : {}) };
            },
        };
        await create(
            half,
            host.at({}),
            { name: "t" },
            { owner, since: performance.now(), warn: () => Promise.resolve() },
        );
        assert.equal(host.listings, 2);
    });

    for (const [what, change] of [
        ["made", (resource: HostResource<Thing>) => create(resource, host.at({}), { name: "t" }, stranger())],
        ["changed", (resource: HostResource<Thing>) => update(resource, host.at({}), { name: "t" }, since(0))],
    ] as const)
        it(`is not ours where another one has marked it as soon as it was ${what}: it goes into no state`, async () => {
            const other = ownerOf("urn:pulumi:dev::shop::kvmnet:test:Thing::other");
            const taken: HostResource<Thing> = {
                ...thing([retag]),
                find: () =>
                    Promise.resolve({ state: { name: "t" }, mark: host.changes.length > 0 ? other.mark : owner.mark }),
            };
            await assert.rejects(
                change(taken),
                (error) =>
                    error instanceof HostError && error.kind === "conflict" && /resource other/.test(error.message),
            );
            assert.deepEqual(host.changes, ["ovsdb"]);
        });

    describe("of which a part needs no look at links", () => {
        /** @param left what an update still finds to do @param ahead what goes before */
        const swift = (left: Plan, ahead: () => Promise<Plan> = () => Promise.resolve([retag])) => ({
            ...thing(left),
            ahead,
        });

        it("is changed at once and read once, where nothing is left to do", async () => {
            const done: string[] = [];
            const resource = {
                ...swift([]),
                find: async (at: Host) => {
                    await at.links();
                    done.push("found");
                    return { state: { name: "t" }, mark: owner.mark };
                },
            };
            await update(resource, host.at({}), { name: "t" }, since(performance.now()));
            assert.equal(host.listings, 1);
            assert.deepEqual(done, ["found", "found"], "before it is done, and as proof");
        });

        it("is brought there the usual way where more is to do", async () => {
            await update(swift([ip("sets", [["link", "set"]])]), host.at({}), { name: "t" }, since(performance.now()));
            assert.equal(host.changes.length, 2);
        });

        it("is brought there the usual way where it changed on the host meanwhile", async () => {
            host.refusal = new HostError("lost", "t", "it changed", "Run it again.");
            await update(swift([retag]), host.at({}), { name: "t" }, since(performance.now()));
            assert.deepEqual(host.changes, ["ovsdb", "ovsdb"]);
        });

        it("is brought there the usual way where the host was lost before anything was changed", async () => {
            const lost = () => Promise.reject(new HostError("lost", "t", "the connection broke", "Run it again."));
            await update(swift([retag], lost), host.at({}), { name: "t" }, since(performance.now()));
            assert.deepEqual(host.changes, ["ovsdb"]);
        });

        it("is read again where the host was lost after it", async () => {
            const host = new CountingHost();
            let looks = 0;
            const resource = {
                ...swift([]),
                find: () =>
                    ++looks === 2
                        ? Promise.reject(new HostError("lost", "t", "the connection broke", "Run it again."))
                        : Promise.resolve({ state: { name: "t" }, mark: owner.mark }),
            };
            await update(resource, host.at({}), { name: "t" }, since(performance.now()));
            assert.equal(looks, 3);
            assert.deepEqual(host.changes, ["ovsdb"]);
        });

        it("is given back where the rest is refused, and the error tells nothing else", async () => {
            const back = ovsdb("tags", [{ op: "update", table: "Port", row: { tag: 5 } }], [RETAGGED_BACK]);
            const resource = {
                ...swift([], () => Promise.resolve([back])),
                update: () =>
                    Promise.reject(new HostError("conflict", "t", "not all of its names are free", "Others.")),
            };
            await assert.rejects(
                update(resource, host.at({}), { name: "t" }, since(performance.now())),
                /not all of its names are free\. Others\.$/,
            );
            assert.deepEqual(host.changes, ["ovsdb", "ovsdb"]);
            assert.deepEqual(host.written.at(-1), [RETAGGED_BACK]);
        });

        it("is kept in state as it was known, unfinished, where the host cannot be read afterwards", async () => {
            let looks = 0;
            const resource = {
                ...swift([]),
                find: () => Promise.reject(new HostError("unreachable", "t", `look ${++looks}`, "Mend it.")),
            };
            await assert.rejects(update(resource, host.at({}), { name: "t" }, since(performance.now())), (error) => {
                assert.ok(error instanceof Unfinished);
                assert.deepEqual(error.kept, { state: { name: "t" }, mark: owner.mark });
                return true;
            });
        });

        it("is planned by links that are listed anew where something went ahead", async () => {
            const resource = { ...swift([retag]) };
            await update(resource, host.at({}), { name: "t" }, since(performance.now()));
            assert.ok(host.listings > 1, `${host.listings} listings`);
        });

        it("stays unchanged where it is refused", async () => {
            host.refusal = new HostError("refused", "t", "no such column", "Install a newer one.");
            await assert.rejects(
                update(swift([retag]), host.at({}), { name: "t" }, since(performance.now())),
                /no such column/,
            );
            assert.deepEqual(host.changes, ["ovsdb"]);
        });
    });

    it("is never read from links that were listed before the step began", async () => {
        await host.at({}).links();
        await update(thing([retag]), host.at({}), { name: "t" }, since(performance.now()));
        assert.equal(host.listings, 2);
    });
});
