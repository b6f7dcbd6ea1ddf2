import { strict as assert } from "node:assert";
import fc from "fast-check";
import { mermaid } from "../../cli/graph/mermaid";
import { Environment, type EnvironmentInput } from "../../schemas/environment";

const graph = (input: EnvironmentInput) => mermaid(Environment.parse(input));
const environment: EnvironmentInput = {
    switches: { "br-vm": { datapathType: "netdev", vlans: { web: 100 } } },
    bridges: { "br-mgmt": {} },
    guests: {
        "web-1": {
            vcpus: 4,
            nics: {
                data: { switch: "br-vm", vlan: "web", address: "10.0.0.11/24" },
                mgmt: { bridge: "br-mgmt", model: "e1000" },
            },
        },
    },
};

describe("the graph of an environment", () => {
    it("shows guests, NICs with queues and rings, taps, VLANs, switches and bridges", () =>
        assert.equal(
            graph(environment),
            `flowchart LR
    subgraph g0["web-1<br/>4 vCPUs, 256 MiB"]
        g0n0["data<br/>virtio<br/>4 queues, RX 1024, TX 256<br/>MTU 1500<br/>10.0.0.11/24"]
        g0n1["mgmt<br/>e1000<br/>MTU 1500"]
    end
    s0[["br-vm<br/>Open vSwitch, netdev"]]
    b0[["br-mgmt<br/>Linux bridge, MTU 1500"]]
    g0n0 --- g0n0t(["web-1-data"]) ---|"VLAN 100 (web)"| s0
    g0n1 --- g0n1t(["web-1-mgmt"]) --- b0
`,
        ));

    it("is the same text for the same environment", () =>
        assert.equal(graph(environment), graph(structuredClone(environment))));

    it("names a VLAN given by id where the switch has a name for it", () => {
        const vlan = (id: number) =>
            graph({ ...environment, guests: { a: { nics: { n: { switch: "br-vm", vlan: id } } } } });
        assert.match(vlan(100), /VLAN 100 \(web\)/);
        assert.match(vlan(7), /\|"VLAN 7"\|/);
    });

    it("is a flowchart of nothing for an empty environment", () => assert.equal(graph({}), "flowchart LR\n"));

    it("lets no name out of its quotes (fuzzed)", () =>
        fc.assert(
            fc.property(fc.string(), (name) => {
                const whole = Environment.parse({ guests: { guest: {} } });
                const [, line] = mermaid({ ...whole, guests: { [name]: whole.guests.guest! } }).split("\n");
                assert.match(line!, /^ {4}subgraph g0\["[A-Za-z0-9 ,.:/()_#;-]*<br\/>1 vCPU, 256 MiB"\]$/);
            }),
        ));
});
