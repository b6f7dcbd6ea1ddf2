import assert from "node:assert/strict";
import { allAgree, verifyNic } from "../../cli/verify/compare";
import { pairsOf } from "../../cli/verify/reachability";
import { verifiedTable } from "../../cli/verify/table";
import type { DeclaredNic } from "../../schemas/declared";

const web1: DeclaredNic = {
    guest: "web-1",
    nic: "data",
    mac: "52:54:00:00:00:01",
    tap: "web-1-data",
    plug: { kind: "ovs", bridge: "br-vm", vlan: 100 },
    model: "virtio",
    queues: 4,
    rxRing: 1024,
    txRing: 256,
    mtu: 1500,
    address: "10.0.0.11/24",
};
const web2: DeclaredNic = { ...web1, guest: "web-2", address: "10.0.0.12/24" };
const db1: DeclaredNic = { ...web1, guest: "db-1", address: "10.0.0.21/24", plug: { ...web1.plug, vlan: 200 } };

const seen = { name: "eth0", driver: "virtio_net", queues: 4, rxRing: 1024, txRing: 256, mtu: 1500 };
const plug = { plug: { bridge: "br-vm", vlan: "100" } };
const reaches = { declared: ["web-2"], seen: ["web-2"] };
const wrongFields = (...args: Parameters<typeof verifyNic>) =>
    verifyNic(...args)
        .cells.filter(({ agrees }) => !agrees)
        .map(({ field }) => field);

describe("a NIC held against its declaration", () => {
    it("agrees when guest and host say the same", () => assert.deepEqual(wrongFields(web1, seen, plug, reaches), []));

    it("differs in every field that the guest would have to say when the guest has no such NIC", () =>
        assert.deepEqual(wrongFields(web1, undefined, plug, reaches), ["model", "queues", "rings RX/TX", "MTU"]));

    it("differs in its VLAN when Open vSwitch has another tag", () =>
        assert.deepEqual(wrongFields(web1, seen, { plug: { ...plug.plug, vlan: "200" } }, reaches), ["VLAN"]));

    it("differs when it reaches a guest that it must not reach", () =>
        assert.deepEqual(wrongFields(web1, seen, plug, { declared: ["web-2"], seen: ["db-1", "web-2"] }), ["reaches"]));

    it("differs when the guest was given another model", () =>
        assert.deepEqual(wrongFields(web1, { ...seen, driver: "8139cp" }, plug, reaches), ["model"]));

    it("agrees without a model when the guest has what libvirt chooses on x86", () =>
        assert.deepEqual(wrongFields({ ...web1, model: null }, { ...seen, driver: "8139cp" }, plug, reaches), []));
});

describe("a NIC whose port is policed where that limits nothing", () => {
    const policed = verifyNic(web1, seen, { plug: { ...plug.plug, idlePolicing: 10_000 } }, reaches);

    it("differs, and is told what limits there", () => {
        const wrong = policed.cells.filter(({ agrees }) => !agrees);
        assert.deepEqual(
            wrong.map(({ field, seen }) => `${field}: ${seen}`),
            ["policing: 10000 kbit/s"],
        );
        assert.match(wrong[0]?.cause ?? "", /limits nothing on the userspace datapath.*use ingress of ovs\.Port/);
    });
    it("has a column of its own, which stays empty at the others", () => {
        const lines = verifiedTable([verifyNic(web2, seen, plug, { declared: [], seen: [] }), policed]).split("\n");
        assert.match(lines.find((line) => line.includes("guest")) ?? "", /policing/);
        assert.equal(new Set(lines.filter((line) => line.includes("│")).map((line) => line.split("│").length)).size, 1);
    });
});

describe("the questions of reachability", () => {
    const asked = pairsOf([web1, web2, db1]).map(({ from, to, joined }) => `${from.guest}>${to.guest} ${joined}`);

    it("joins guests of one VLAN", () => assert(asked.includes("web-1>web-2 true")));
    it("are asked once, since an answer crosses the path both ways", () => assert.equal(asked.length, 3));
    it("asks across VLANs too, to show that they are apart", () => assert(asked.includes("web-1>db-1 false")));
    it("asks nothing across subnets, where silence would prove nothing", () =>
        assert.deepEqual(pairsOf([web1, { ...web2, address: "10.0.1.12/24" }]), []));
    it("asks nothing of a guest about itself", () => assert.deepEqual(pairsOf([web1, { ...web1, nic: "mgmt" }]), []));
});

describe("the table", () => {
    it("names what differs, with both values", () => {
        const nic = verifyNic(web1, { ...seen, queues: 1 }, plug, reaches);
        assert.equal(allAgree([nic]), false);
        assert.match(verifiedTable([nic]), /web-1 data: queues is 1, declared is 4/);
    });
    it("says how many values agree", () => {
        assert.match(verifiedTable([verifyNic(web1, seen, plug, reaches)]), /All 7 values of 1 NICs are as declared/);
    });
});
