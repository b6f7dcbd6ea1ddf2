import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { ManagementNetwork, Uplink } from "../../components";
import { registeredBy } from "../support/engine-mocks";

const refused = (message: RegExp) => (error: unknown) =>
    pulumi.RunError.isInstance(error) && message.test(error.message);

describe("ManagementNetwork", () => {
    type Args = ConstructorParameters<typeof ManagementNetwork>[1];
    const made = (args: Args) => registeredBy(() => new ManagementNetwork("br-mgmt", args));

    it("is a bridge with its uplink, its addresses and its default routes: child names are a contract", async () => {
        const run = await made({
            uplink: "eno1",
            addresses: ["10.0.0.11/24", "fd00::11/64"],
            gateways: ["10.0.0.1", "fe80::1"],
            metric: 50,
        });
        assert.deepEqual(run.types(), {
            "br-mgmt": "kvmnet:index:ManagementNetwork",
            "br-mgmt-bridge": "kvmnet:host:Bridge",
            "br-mgmt-port": "kvmnet:host:BridgePort",
            "br-mgmt-address-10.0.0.11-24": "kvmnet:host:Address",
            "br-mgmt-address-fd00--11-64": "kvmnet:host:Address",
            "br-mgmt-default-ipv4": "kvmnet:host:Route",
            "br-mgmt-default-ipv6": "kvmnet:host:Route",
        });
        assert.deepEqual(run.named("br-mgmt-bridge").inputs, {
            name: "br-mgmt",
            mtu: 1500,
            takesOperatorPath: false,
        });
        assert.deepEqual(run.named("br-mgmt-port").inputs, {
            name: "eno1",
            bridge: "br-mgmt",
            takesOperatorPath: false,
        });
        assert.deepEqual(run.named("br-mgmt-default-ipv6").inputs, {
            destination: "::/0",
            gateway: "fe80::1",
            link: "br-mgmt",
            metric: 50,
            takesOperatorPath: false,
        });
    });

    it("of one VLAN plugs in a link of that VLAN, and leaves the uplink as it is", async () => {
        const run = await registeredBy(() => {
            const wan = new Uplink("wan", { links: ["eno1"] });
            new ManagementNetwork("br-mgmt", { uplink: wan.linkName, vlan: 40, addresses: ["10.0.0.11/24"] });
        });
        const { name, link, vlanId } = run.named("br-mgmt-vlan").inputs;
        assert.deepEqual([name, link, vlanId], ["br-mgmt-v40", "eno1", 40]);
        assert.equal(run.named("br-mgmt-port").inputs.name, "br-mgmt-v40");
    });

    it("gives the link of its VLAN the MTU that it is told, and else leaves it the uplink's", async () => {
        for (const mtu of [9000, undefined]) {
            const run = await made({ uplink: "eno1", vlan: 40, addresses: ["10.0.0.11/24"], mtu });
            assert.equal(run.named("br-mgmt-vlan").inputs.mtu, mtu);
            assert.equal(run.named("br-mgmt-bridge").inputs.mtu, mtu ?? 1500);
        }
    });

    it("hands on to every part that the operator's path may be taken, only when it is told so", async () => {
        const args = { uplink: "eno1", addresses: ["10.0.0.11/24"], gateways: ["10.0.0.1"] };
        for (const takesOperatorPath of [false, true]) {
            const run = await made({ ...args, takesOperatorPath });
            for (const part of ["port", "address-10.0.0.11-24", "default-ipv4"])
                assert.equal(run.named(`br-mgmt-${part}`).inputs.takesOperatorPath, takesOperatorPath, part);
        }
    });

    it("registers what rules ask of a bridge, as a LinuxBridge does", async () => {
        const run = await made({ uplink: "eno1", addresses: ["10.0.0.11/24"], mtu: 9000 });
        const { bridgeName, ports, addresses, mtu, vlanFiltering } = run.named("br-mgmt").outputs;
        assert.deepEqual(
            { bridgeName, ports, addresses, mtu, vlanFiltering },
            { bridgeName: "br-mgmt", ports: ["eno1"], addresses: ["10.0.0.11/24"], mtu: 9000, vlanFiltering: false },
        );
    });

    it("lets a transform have the last word on each of its children", async () => {
        const run = await made({
            uplink: "eno1",
            vlan: 40,
            addresses: ["10.0.0.11/24"],
            gateways: ["10.0.0.1"],
            transform: {
                bridge: { ageingTime: 60, mtu: 1400 },
                vlan: { mtu: 1400 },
                port: { guard: true },
                address: { validLifetime: 900 },
                route: (inputs) => ({ ...inputs, advmss: 1300 }),
            },
        });
        const told = ["bridge", "vlan", "port", "address-10.0.0.11-24", "default-ipv4"].map(
            (role) => run.named(`br-mgmt-${role}`).inputs,
        );
        for (const [index, part] of [
            { ageingTime: 60 },
            { mtu: 1400 },
            { guard: true },
            { validLifetime: 900 },
            { advmss: 1300 },
        ].entries())
            assert.partialDeepStrictEqual(told[index], part);
        assert.equal(run.named("br-mgmt").outputs.mtu, 1400);
    });

    for (const [what, args, says] of [
        ["no address", { addresses: [] }, /addresses: a management network has an address of the host/],
        ["an address without its prefix length", { addresses: ["10.0.0.11"] }, /addresses\[0\]: .*prefix length/],
        ["two routers of one family", { gateways: ["10.0.0.1", "10.0.0.2"] }, /gateways\[1\]: there is one/],
        ["a router that no address reaches", { gateways: ["10.1.0.1"] }, /gateways\[0\]: 10\.1\.0\.1 is in no network/],
        ["metric 0 of IPv6", { gateways: ["fe80::1"], metric: 0 }, /metric: metric 0 means 1024/],
        ["a VLAN that is none", { vlan: 4095 }, /vlan: /],
    ] as [string, Partial<Args>, RegExp][])
        it(`refuses ${what}`, () =>
            assert.rejects(made({ uplink: "eno1", addresses: ["10.0.0.11/24"], ...args }), refused(says)));
});
