import { strict as assert } from "node:assert";
import { planned } from "../../components/plan";
import { InputError } from "../../schemas/problems";

const scope = { project: "kvmnet-sample", stack: "lab" };

/** A good environment of one guest, with one place to put something bad. */
const environment = (nic: object = {}, others: object = {}) => ({
    switches: { "br-vm": { datapathType: "netdev", vlans: { web: 100 } } },
    bridges: { "br-mgmt": {} },
    guests: { "web-1": { vcpus: 4, nics: { data: { switch: "br-vm", vlan: "web", ...nic } } } },
    ...others,
});

function problemsOf(input: unknown, host: unknown = "lab://sample"): string[] {
    try {
        planned({ host, environment: input }, scope, "Stack config");
    } catch (error) {
        assert.ok(error instanceof InputError, String(error));
        return error.message.split("\n").slice(1);
    }
    return [];
}

const NIC = "guests.web-1.nics.data";
/** What is bad, where the message puts it, the value as it shows it, and what it says is allowed. */
const REFUSED: [what: string, input: unknown, path: string, got: string, allowed: RegExp][] = [
    ["VLAN 0", environment({ vlan: 0 }), `${NIC}.vlan`, "0", /1 to 4094/],
    ["VLAN 4095", environment({ vlan: 4095 }), `${NIC}.vlan`, "4095", /1 to 4094/],
    ['VLAN "100abc"', environment({ vlan: "100abc" }), `${NIC}.vlan`, '"100abc"', /declared are: web/],
    ["VLAN 0 by name", { switches: { a: { vlans: { web: 0 } } } }, "switches.a.vlans.web", "0", /1 to 4094/],
    [
        'VLAN "100abc" by name',
        { switches: { a: { vlans: { web: "100abc" } } } },
        "switches.a.vlans.web",
        '"100abc"',
        /1 to 4094/,
    ],
    ["RX ring 1000", environment({ rxRing: 1000 }), `${NIC}.rxRing`, "1000", /256, 512 or 1024/],
    ["RX ring 4096", environment({ rxRing: 4096 }), `${NIC}.rxRing`, "4096", /256, 512 or 1024/],
    ['RX ring "1k"', environment({ rxRing: "1k" }), `${NIC}.rxRing`, '"1k"', /256, 512 or 1024/],
    ["TX ring 1024", environment({ txRing: 1024 }), `${NIC}.txRing`, "1024", /256 descriptors on a tap/],
    ["0 queues", environment({ queues: 0 }), `${NIC}.queues`, "0", /1 to 256/],
    ["300 queues", environment({ queues: 300 }), `${NIC}.queues`, "300", /at most 256/],
    [
        "queues of an emulated NIC",
        environment({ model: "e1000", queues: 4 }),
        `${NIC}.queues`,
        "4",
        /set model: virtio/,
    ],
    ["MTU 60", environment({ mtu: 60 }), `${NIC}.mtu`, "60", /68 to 65521/],
    ["MTU 70000", environment({ mtu: 70000 }), `${NIC}.mtu`, "70000", /68 to 65521/],
    [
        "a bridge's name of 16 bytes",
        { bridges: { abcdefghijklmnop: {} } },
        "bridges.abcdefghijklmnop",
        '"abcdefghijklmnop"',
        /1 to 15/,
    ],
    ["a name with a slash", { bridges: { "a/b": {} } }, 'bridges["a/b"]', '"a/b"', /1 to 15/],
    ["a name with a space", { bridges: { "a b": {} } }, 'bridges["a b"]', '"a b"', /1 to 15/],
    ["a name with ;", { bridges: { "a;b": {} } }, 'bridges["a;b"]', '"a;b"', /1 to 15/],
    ["a name with a newline", { switches: { "a\n": {} } }, 'switches["a\\n"]', '"a\\n"', /1 to 15/],
    ["a name that libvirt reserves", { bridges: { vnet0: {} } }, "bridges.vnet0", '"vnet0"', /reserved by libvirt/],
    [
        "a switch and a bridge of one name",
        { switches: { br: {} }, bridges: { br: {} } },
        "bridges.br",
        "{}",
        /rename one/,
    ],
    ["a multicast MAC", environment({ mac: "01:00:5e:00:00:01" }), `${NIC}.mac`, '"01:00:5e:00:00:01"', /unicast/],
    ["half a MAC", environment({ mac: "52:54:00" }), `${NIC}.mac`, '"52:54:00"', /six pairs/],
    [
        "an unknown key",
        environment({ speed: 10 }),
        `${NIC}.speed`,
        "10",
        /not known; remove it or correct its spelling/,
    ],
    ["an unknown key at the top", environment({}, { guest: {} }), "guest", "{}", /not known/],
    [
        "a bridge that does not exist",
        environment({ switch: undefined, vlan: undefined, bridge: "br-x" }),
        `${NIC}.bridge`,
        '"br-x"',
        /declared are: br-mgmt/,
    ],
    ["a switch that does not exist", environment({ switch: "br-x" }), `${NIC}.switch`, '"br-x"', /declared are: br-vm/],
    [
        "a NIC plugged in twice",
        environment({ bridge: "br-mgmt" }),
        NIC,
        '{"switch":"br-vm","vlan":"web","bridge":"br-mgmt"}',
        /exactly one/,
    ],
    ["a NIC on a switch without a VLAN", environment({ vlan: undefined }), `${NIC}.vlan`, "", /needs its VLAN/],
    [
        "an address without a prefix",
        environment({ address: "10.0.0.11" }),
        `${NIC}.address`,
        '"10.0.0.11"',
        /with its prefix length/,
    ],
    [
        "an address out of range",
        environment({ address: "10.0.0.300/24" }),
        `${NIC}.address`,
        '"10.0.0.300/24"',
        /with its prefix length/,
    ],
    ["a model that is none", environment({ model: "ne2000" }), `${NIC}.model`, '"ne2000"', /virtio/],
    ["0 vCPUs", { guests: { a: { vcpus: 0 } } }, "guests.a.vcpus", "0", /1 to 512/],
    ["a config that is text", "hello", "", '"hello"', /an object with switches, bridges and guests/],
    ["a config that is a list", [], "", "[]", /an object with switches, bridges and guests/],
    ["a config that is a number", 7, "", "7", /an object with switches, bridges and guests/],
    ["no config", undefined, "", "", /an object with switches, bridges and guests/],
];

describe("bad input", () => {
    for (const [what, input, path, got, allowed] of REFUSED)
        it(`is refused: ${what}`, () => {
            const line = problemsOf(input).find((one) => one.startsWith(path === "" ? "  - " : `  - ${path}: `));
            assert.ok(line, problemsOf(input).join("\n") || "nothing was refused");
            assert.match(line, allowed);
            if (got) assert.ok(line.endsWith(`(got ${got})`), line);
        });

    it("is refused: two NICs with one MAC, however it is written", () => {
        const mac = (text: string) => ({ switch: "br-vm", vlan: "web", mac: text });
        const guests = { a: { nics: { x: mac("52:54:00:00:00:aa") } }, b: { nics: { y: mac("52:54:00:00:00:AA") } } };
        assert.match(
            problemsOf(environment({}, { guests })).join("\n"),
            /guests\.b\.nics\.y\.mac: guests\.a\.nics\.x has the same MAC/,
        );
    });

    it("is refused: a MAC that another NIC derives", () => {
        const derived = "52:54:1e:79:ea:6c";
        const guests = (mac?: string) => ({
            "web-1": { nics: { data: { bridge: "br-mgmt" } } },
            "web-2": { nics: { data: { bridge: "br-mgmt", mac } } },
        });
        const refused = (mac?: string) => {
            try {
                planned(
                    { host: "lab://x", environment: environment({}, { guests: guests(mac) }) },
                    { project: "p", stack: "s" },
                    "x",
                );
            } catch (error) {
                return (error as InputError).message;
            }
        };
        assert.equal(refused(), undefined);
        assert.match(refused(derived)!, /guests\.web-2\.nics\.data\.mac: guests\.web-1\.nics\.data has the same MAC/);
    });

    it("is refused: a switch called as a tap would be", () => {
        const switches = { "br-vm": { vlans: { web: 100 } }, "web-1-data": {} };
        assert.match(
            problemsOf(environment({}, { switches })).join("\n"),
            /its tap would be called web-1-data, as is switches\.web-1-data/,
        );
    });

    it("is refused: a guest without boot on a real host", () =>
        assert.match(
            problemsOf(environment(), "local").join("\n"),
            /guests\.web-1\.boot: only a lab has a guest of its own/,
        ));

    for (const host of ["lab://", "lab://A b", "ssh//x", 5, undefined])
        it(`is refused: host ${JSON.stringify(host)}`, () =>
            assert.match(problemsOf(environment(), host === undefined ? null : host).join("\n"), /host: a host is/));

    it("is told all at once, each with its place", () => {
        const lines = problemsOf(
            environment({ vlan: 4095, rxRing: 1000, queues: 0, colour: "red" }, { bridges: { "a/b": {} } }),
            "nowhere",
        );
        const places = lines.map((line) => /^ {2}- ([^:]+):/.exec(line)?.[1]).sort();
        assert.deepEqual(
            places,
            ['bridges["a/b"]', `${NIC}.colour`, `${NIC}.queues`, `${NIC}.rxRing`, `${NIC}.vlan`, "host"].sort(),
        );
    });

    it("is never told twice for one place, and good input is not refused", () => {
        assert.deepEqual(problemsOf(environment()), []);
        assert.equal(problemsOf(environment({ vlan: 0 })).length, 1);
    });
});
