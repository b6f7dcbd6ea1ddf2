import assert from "node:assert/strict";
import type { Host } from "../../provider/host";
import type { HostError } from "../../provider/host/errors";
import type { Link } from "../../provider/host/links";
import type { Plan } from "../../provider/plan";
import type { HostResource } from "../../provider/resource";
import { linuxBridge } from "../../provider/resources/linux-bridge";
import { macvtap } from "../../provider/resources/macvtap";
import { dummy } from "../../provider/resources/plain-links";
import { tap } from "../../provider/resources/tap";
import { veth } from "../../provider/resources/veth";

const markOf = (stack: string, name: string) => `kvmnet:0123456789abcdef:shop/${stack}/Any/${name}`;
const OURS = markOf("dev", "ours");

/** A host with these links, of which the first is ours. */
function hostOf(...links: Partial<Link>[]): Host {
    const all = links.map((link, index) => ({
        ...{ index, data: {}, slave: {}, flags: [], up: true, mtu: 1500, txQueueLength: 1000 },
        ...link,
        ...(index === 0 ? { alias: OURS } : {}),
    }));
    const host: Host = {
        // Nobody is connected to it.
        place: { run: () => Promise.resolve({ code: 0, stdout: "", stderr: "" }) },
        at: () => host,
        links: () => Promise.resolve(new Map(all.map((link) => [link.name, link]))),
        files: { read: () => Promise.resolve([]) },
        read: (_argv: string[], parse: (text: string) => unknown) => Promise.resolve(parse("[]")),
    } as unknown as Host;
    return host;
}

const refuses = (name: string) => (error: HostError) => {
    assert.equal(error.kind, "refused");
    assert.match(
        error.message,
        new RegExp(`\\(${name} on [a-z0-9]+\\) and that would go with it, so nothing was changed`),
    );
    return true;
};

describe("a link on which others stand", () => {
    const removed = async (...links: Partial<Link>[]): Promise<Plan> => {
        const host = hostOf({ name: "du0", kind: "dummy" }, ...links);
        const found = await dummy.find(host, "du0", { mark: OURS, known: { name: "du0" } });
        assert.ok(found);
        return dummy.delete(host, found, OURS);
    };

    for (const kind of ["vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "macsec"])
        it(`is not removed while one is somebody else's: ${kind}`, () =>
            assert.rejects(removed({ name: "on0", kind, parent: "du0" }), refuses("on0")));

    it("is not removed while a VXLAN of somebody else goes over it", () =>
        assert.rejects(removed({ name: "vx0", kind: "vxlan", data: { link: "du0" } }), refuses("vx0")));

    it("is not removed while one is of another stack", () =>
        assert.rejects(
            removed({ name: "on0", kind: "vlan", parent: "du0", alias: markOf("prod", "v") }),
            refuses("on0"),
        ));

    const apart: [what: string, link: Partial<Link>][] = [
        ["one of its own stack", { kind: "vlan", parent: "du0", alias: markOf("dev", "v") }],
        ["a tunnel that is bound to it, and stays", { kind: "gre", parent: "du0" }],
        ["one on a link of that number in another network namespace", { kind: "vlan", parent: "du0", elsewhere: true }],
        ["one on another link", { kind: "vlan", parent: "du1" }],
    ];
    for (const [what, link] of apart)
        it(`is removed whatever else there is: ${what}`, async () =>
            assert.equal((await removed({ name: "on0", ...link })).length, 1));

    type Any = HostResource<{ name: string }>;
    const kinds: [what: string, resource: unknown, known: { name: string }, links: Partial<Link>[]][] = [
        [
            "a Linux bridge",
            linuxBridge,
            { name: "br0" },
            [
                { name: "br0", kind: "bridge" },
                { name: "br0.7", kind: "vlan", parent: "br0" },
            ],
        ],
        [
            "a tap",
            tap,
            { name: "tap0" },
            [
                { name: "tap0", kind: "tun", master: "br9", tap: { multiQueue: false, vnetHdr: false } },
                { name: "tap0.7", kind: "vlan", parent: "tap0" },
            ],
        ],
        [
            "a veth pair, at its other end",
            veth,
            { name: "ve0" },
            [
                { name: "ve0", kind: "veth", parent: "ve1" },
                { name: "ve1", kind: "veth", parent: "ve0" },
                { name: "ve1.7", kind: "vlan", parent: "ve1" },
            ],
        ],
    ];
    for (const [what, resource, known, links] of kinds)
        it(`is not removed, either: ${what}`, async () => {
            const host = hostOf(...links);
            const found = await (resource as Any).find(host, known.name, { mark: OURS, known });
            assert.ok(found);
            await assert.rejects(
                async () => (resource as Any).delete(host, found, OURS),
                refuses(links.at(-1)?.name ?? ""),
            );
        });

    const remade: [
        what: string,
        resource: unknown,
        want: { name: string; [property: string]: unknown },
        links: Partial<Link>[],
    ][] = [
        [
            "a macvtap of another mode",
            macvtap,
            { name: "mt0", link: "eth0", mode: "bridge" },
            [
                { name: "mt0", kind: "macvtap", parent: "eth0", data: { mode: "vepa" } },
                { name: "eth0" },
                { name: "mt0.7", kind: "vlan", parent: "mt0" },
            ],
        ],
        [
            "a tap of another owner",
            tap,
            { name: "tap0", mtu: 1500, multiQueue: false, vnetHdr: false, uid: 5 },
            [
                { name: "tap0", kind: "tun", master: "br9", tap: { multiQueue: false, vnetHdr: false } },
                { name: "tap0.7", kind: "vlan", parent: "tap0" },
            ],
        ],
        [
            "a veth pair with another name for its other end",
            veth,
            { name: "ve0", peer: "ve2" },
            [
                { name: "ve0", kind: "veth", parent: "ve1" },
                { name: "ve1", kind: "veth", parent: "ve0" },
                { name: "ve0.7", kind: "vlan", parent: "ve0" },
            ],
        ],
    ];
    for (const [what, resource, want, links] of remade)
        it(`is not made anew, as one of a killed run is: ${what}`, async () => {
            const host = hostOf(...links);
            const found = await (resource as Any).find(host, want.name, { mark: OURS });
            assert.ok(found);
            await assert.rejects(
                async () => (resource as Any).update(host, found, want, OURS),
                refuses(links.at(-1)?.name ?? ""),
            );
        });
});
