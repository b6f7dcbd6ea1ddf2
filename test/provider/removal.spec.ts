import assert from "node:assert/strict";
import { z } from "zod";
import type { Host } from "../../provider/host";
import { HostError } from "../../provider/host/errors";
import { remove } from "../../provider/lifecycle";
import { ownerOf } from "../../provider/owner";
import { ip } from "../../provider/plan";
import type { HostResource } from "../../provider/resource";

interface Thing {
    name: string;
}

const owner = ownerOf("urn:pulumi:dev::shop::kvmnet:host:Thing::it");

/** A host whose `ip` is ended once it has done what it was told, and on which no switch answers. */
class HostWithoutSwitch {
    there = true;
    asked = 0;

    host = (): Host =>
        ({
            at: () => this.host(),
            links: () => Promise.resolve(new Map()),
            kernel: {
                written: () => undefined,
                change: () => {
                    this.there = false;
                    return Promise.reject(new HostError("lost", "thing it", "the program for it was ended", "Again."));
                },
            },
            ovsdb: {
                commit: () => {
                    this.asked++;
                    return Promise.reject(new HostError("unreachable", "Open vSwitch", "does not answer", "Start it."));
                },
            },
        }) as unknown as Host;
}

const thing = (type: string, on: HostWithoutSwitch): HostResource<Thing> => ({
    type,
    title: "thing",
    description: "",
    schema: z.object({ name: z.string() }),
    cost: { name: "replace" },
    find: () => Promise.resolve(on.there ? { state: { name: "it" }, mark: owner.mark } : undefined),
    create: () => [],
    update: () => [],
    delete: () => [ip("removes it", [["link", "delete", "dev", "it"]])],
});

describe("a delete whose program was ended after its work", () => {
    const act = (type: string, on: HostWithoutSwitch) =>
        remove(thing(type, on), on.host(), "it", { owner, since: 0, warn: () => Promise.resolve() });

    it("is done where the object is gone, also on a host without Open vSwitch", async () => {
        const on = new HostWithoutSwitch();
        await act("kvmnet:host:Thing", on);
        assert.deepEqual([on.there, on.asked], [false, 0]);
    });

    it("waits for the switch where the object was the switch's: gone from its database is not gone from it", async () => {
        const on = new HostWithoutSwitch();
        await assert.rejects(act("kvmnet:ovs:Thing", on), /does not answer/);
        assert.equal(on.asked, 1);
    });
});
