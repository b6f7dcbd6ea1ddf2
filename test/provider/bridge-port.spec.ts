import assert from "node:assert/strict";
import type { Host } from "../../provider/host";
import type { HostError } from "../../provider/host/errors";
import type { Link } from "../../provider/host/links";
import type { Plan } from "../../provider/plan";
import { bridgePort } from "../../provider/resources/bridge-port";

const MARK = "kvmnet:0123456789abcdef:shop/dev/BridgePort/p";
const BRIDGE = { name: "br0", index: 9, kind: "bridge", data: { vlan_filtering: 1, vlan_default_pvid: 1 } };
const WANT = { name: "port0", bridge: "br0", tagged: ["100"], isolated: true, takesOperatorPath: true };

/** A host with the bridge and these links. */
function hostOf(...links: Partial<Link>[]): Host {
    const all = [BRIDGE, ...links].map((link, index) => ({ index, data: {}, slave: {}, ...link }));
    return {
        place: {},
        where: "the host",
        links: () => Promise.resolve(new Map(all.map((link) => [link.name, link]))),
        files: { read: () => Promise.resolve(["boot-1"]) },
        journal: { get: () => Promise.resolve(undefined) },
        read: (_argv: string[], parse: (text: string) => unknown) =>
            Promise.resolve(parse(JSON.stringify([{ ifname: "port0", vlans: [{ vlan: 1, flags: ["PVID"] }] }]))),
    } as unknown as Host;
}

const linesOf = (plan: Plan) =>
    plan.flatMap(({ action }) => ("lines" in action ? action.lines.map((words) => words.join(" ")) : []));

describe("a bridge port", () => {
    const plugged = async (...links: Partial<Link>[]) => linesOf(await bridgePort.create(hostOf(...links), WANT, MARK));

    for (const kind of ["tun", "veth", "vxlan"])
        it(`that is up waits, set down, until its rules stand: ${kind}`, async () =>
            assert.equal((await plugged({ name: "port0", kind, up: true }))[0], "link set dev port0 down"));

    for (const kind of [undefined, "bond", "vlan", "team"])
        it(`by which the host leads out is not set down, for what stands on it would lose its routes: ${kind ?? "a NIC"}`, async () => {
            const lines = await plugged({ name: "port0", up: true, ...(kind ? { kind } : {}) });
            assert.equal(lines[0], "link set dev port0 master br0");
            assert.ok(!lines.includes("link set dev port0 down"));
        });

    for (const kind of ["macvlan", "macvtap", "ipvlan", "ipvtap"])
        it(`is refused while a link stands on it with which the kernel plugs none in: ${kind}`, () =>
            assert.rejects(
                plugged({ name: "port0", kind: "veth", up: true }, { name: "shim0", kind, parent: "port0" }),
                (error: HostError) => {
                    assert.equal(error.kind, "conflict");
                    assert.match(error.message, new RegExp(`the ${kind} shim0 stands on port0`));
                    return true;
                },
            ));

    it("may have a VLAN standing on it", async () =>
        assert.ok(
            (await plugged({ name: "port0", kind: "veth", up: true }, { name: "v10", kind: "vlan", parent: "port0" }))
                .length > 0,
        ));

    it("of a killed run is set up when its VLANs are set, and passes none else before", async () => {
        const host = hostOf({ name: "port0", kind: "veth", up: false, master: "br0", slaveKind: "bridge" });
        const found = await bridgePort.find(host, "port0", { mark: MARK, known: WANT });
        assert.ok(found);
        const lines = linesOf(await bridgePort.update(host, found, WANT, MARK));
        assert.ok(lines.includes("vlan del dev port0 vid 1"), lines.join("\n"));
        assert.equal(lines.at(-1), "link set dev port0 up");
    });
});
