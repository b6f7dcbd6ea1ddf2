import assert from "node:assert/strict";
import { z } from "zod";
import type { Host } from "../../provider/host";
import type { Link } from "../../provider/host/links";
import { Snapshot } from "../../provider/host/snapshot";
import { update } from "../../provider/lifecycle";
import { ownerOf } from "../../provider/owner";
import { ip, ovsdb, type Plan } from "../../provider/plan";
import type { HostResource } from "../../provider/resource";

interface Thing {
    name: string;
}

const owner = ownerOf("urn:pulumi:dev::shop::kvmnet:test:Thing::it");

/** A host that counts how often its links are listed. */
class CountingHost {
    listings = 0;
    private readonly all = new Snapshot(() => {
        this.listings++;
        return Promise.resolve(new Map<string, Link>());
    });

    at = ({ readSince = Infinity }: { readSince?: number }): Host =>
        ({
            at: this.at,
            links: () => this.all.get(Math.max(0, performance.now() - readSince)),
            kernel: { written: () => this.all.outdated(), change: () => Promise.resolve() },
            ovsdb: { commit: () => Promise.resolve() },
            status: () => undefined,
        }) as unknown as Host;
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
    const actor = { owner, known: { state: { name: "t" }, mark: owner.mark }, warn: () => Promise.resolve() };
    const retag = ovsdb("tags", [{ op: "update", table: "Port", row: { tag: 5 } }]);
    let host: CountingHost;
    beforeEach(() => (host = new CountingHost()));

    it("is read after it, always", async () => {
        let looks = 0;
        await update(
            thing([retag], () => void looks++),
            host.at({}),
            { name: "t" },
            actor,
        );
        assert.equal(looks, 2);
    });

    it("is read from links that are listed anew where links may have changed", async () => {
        await update(thing([ip("sets", [["link", "set"]])]), host.at({}), { name: "t" }, actor);
        assert.equal(host.listings, 2);
    });

    it("is read from the links that the step began with where none can have changed", async () => {
        await update(thing([retag]), host.at({}), { name: "t" }, actor);
        assert.equal(host.listings, 1);
    });

    it("is never read from links that were listed before the step began", async () => {
        await host.at({}).links();
        await update(thing([retag]), host.at({}), { name: "t" }, actor);
        assert.equal(host.listings, 2);
    });
});
