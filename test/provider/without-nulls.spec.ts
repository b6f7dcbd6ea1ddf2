import assert from "node:assert/strict";
import { SERVED } from "../../components/served";
import { withoutNulls } from "../../provider/without-nulls";

const of = (component: string, args: object) => withoutNulls(args, SERVED.get(`kvmnet:index:${component}`)!.inputs);

describe("null in a component's arguments", () => {
    it("is what is absent, at any depth", () =>
        assert.deepEqual(of("DhcpService", { domain: null, ranges: [{ start: "10.0.0.5", end: null }] }), {
            ranges: [{ start: "10.0.0.5" }],
        }));

    it("leaves the model of a NIC to libvirt", () =>
        assert.deepEqual(of("VirtualMachine", { nics: { data: { model: null, mac: null } } }), {
            nics: { data: { model: null } },
        }));

    it("is told where it stands for an entry of a map", () =>
        assert.deepEqual(of("MtuDomain", { mtu: 1500, hops: { tap: null } }), { mtu: 1500, hops: { tap: null } }));
});
