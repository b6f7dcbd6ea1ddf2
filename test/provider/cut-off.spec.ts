import assert from "node:assert/strict";
import { z } from "zod";
import type { Host } from "../../provider/host";
import { HostError } from "../../provider/host/errors";
import type { Link } from "../../provider/host/links";
import { update } from "../../provider/lifecycle";
import { ownerOf } from "../../provider/owner";
import { ip, ovsdb, type Line } from "../../provider/plan";
import type { Found, HostResource } from "../../provider/resource";

interface Thing {
    name: string;
}

const owner = ownerOf("urn:pulumi:dev::shop::kvmnet:ovs:Thing::it");

/** A host whose switch does what it is told, and whose connection breaks then, the first time. */
class BreakingHost {
    found: Found<Thing> | undefined = { state: { name: "it" }, mark: owner.mark };
    readonly links = new Map([["left", { index: 7 } as Link]]);
    readonly did: string[] = [];
    private isBroken = false;

    host = (): Host =>
        ({
            at: () => this.host(),
            links: () => Promise.resolve(this.links),
            kernel: {
                written: () => undefined,
                plugged: () => undefined,
                change: (_via: string, _subject: string, lines: Line[]) => {
                    this.did.push(...lines.map((words) => words.join(" ")));
                    return Promise.resolve();
                },
            },
            ovsdb: {
                commit: (_subject: string, operations: { op: string }[]) => {
                    if (operations.length === 0) this.did.push("waits for the switch");
                    if (operations.length === 0 || this.isBroken) return Promise.resolve();
                    this.isBroken = true;
                    this.found = undefined;
                    return Promise.reject(new HostError("lost", "thing it", "the connection broke", "Again."));
                },
            },
        }) as unknown as Host;
}

const thing = (on: BreakingHost): HostResource<Thing> => ({
    type: "kvmnet:ovs:Thing",
    title: "thing",
    description: "",
    schema: z.strictObject({ name: z.string() }),
    cost: { name: "update" },
    find: () => Promise.resolve(on.found),
    create: () => {
        on.found = { state: { name: "it" }, mark: owner.mark };
        return [ip("makes it", [["link", "add", "it"]])];
    },
    update: () => [
        ovsdb("unplugs it", [{ op: "delete", table: "Port", where: [] }]),
        {
            ...ip("removes what the switch left", [["link", "delete", "left"]]),
            onlyWith: { link: "left", index: 7 },
        },
    ],
    delete: () => [],
});

describe("an update that was cut off", () => {
    const known = { state: { name: "it" }, mark: owner.mark };
    const act = (on: BreakingHost) =>
        update(thing(on), on.host(), { name: "it" }, { owner, known, since: 0, warn: () => Promise.resolve() });

    it("is gone on with where the object is gone since: what it was to remove goes, and the object is made", async () => {
        const on = new BreakingHost();
        await act(on);
        assert.deepEqual(on.did, ["waits for the switch", "link add it", "link delete left"]);
    });

    it("leaves a link alone that has the name since, and is another", async () => {
        const on = new BreakingHost();
        on.links.set("left", { index: 8 } as Link);
        await act(on);
        assert.deepEqual(on.did, ["waits for the switch", "link add it"]);
    });
});
