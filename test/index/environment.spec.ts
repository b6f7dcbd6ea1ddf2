import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { Environment, stackConfig } from "../../components";
import { Declared } from "../../schemas/declared";
import { labPaths } from "../../schemas/lab-paths";
import { registeredBy, withLibvirt } from "../support/engine-mocks";

const { config } = parse(readFileSync(join(__dirname, "../../Pulumi.lab.yaml"), "utf8")) as {
    config: Record<string, unknown>;
};
/** Stack config as the engine hands it to a program: text as it is, objects as JSON. */
const asEngine = (values: Record<string, unknown>) =>
    Object.fromEntries(
        Object.entries(values).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
    );

const sample = (values: Record<string, unknown> = config) =>
    withLibvirt("0.8.3", () => registeredBy(() => new Environment("sample", stackConfig()), asEngine(values)));

describe("the sample environment", () => {
    it("is a switch, a management bridge and three guests with two NICs each", async () => {
        const { registered } = await sample();
        const count = (type: string) => registered.filter((one) => one.type === type).length;
        assert.deepEqual(
            ["ovs:Bridge", "ovs:Port", "host:Bridge", "host:BridgePort", "host:Tap"].map((type) =>
                count(`kvmnet:${type}`),
            ),
            [1, 3, 1, 3, 6],
        );
        assert.equal(count("libvirt:index/domain:Domain"), 3);
    });

    it("is built in its lab: our provider enters it, the libvirt provider uses its socket", async () => {
        const run = await sample();
        assert.equal(run.named("sample-host").inputs.host, "lab://sample");
        assert.equal(
            run.named("sample-libvirt").inputs.uri,
            `qemu:///system?socket=${labPaths("sample").libvirtSocket}`,
        );
    });

    it("boots the lab's own guest, emulated, with its console where the lab looks for it", async () => {
        const { inputs } = (await sample()).named("sample-web-1-domain");
        assert.deepEqual(
            [inputs.kernel, inputs.initrd, inputs.type],
            [labPaths("sample").kernel, labPaths("sample").initrd, "qemu"],
        );
        const { xslt } = inputs.xml as { xslt: string };
        assert.ok(xslt.includes(labPaths("sample").console("web-1").socket));
        assert.ok(xslt.includes(labPaths("sample").console("web-1").log));
    });

    it("declares every NIC: four queues, RX ring 1024, VLAN 100 for web, 200 for db", async () => {
        const declared = Declared.parse((await sample()).named("sample").outputs.declared);
        assert.equal(declared.host, "lab://sample");
        assert.deepEqual(
            declared.nics.map(({ guest, nic, tap, plug, queues, rxRing, address }) => [
                guest,
                nic,
                tap,
                plug.bridge,
                plug.vlan,
                queues,
                rxRing,
                address,
            ]),
            [
                ["web-1", "data", "web-1-data", "br-vm", 100, 4, 1024, "10.0.0.11/24"],
                ["web-1", "mgmt", "web-1-mgmt", "br-mgmt", null, 4, 1024, "192.168.100.11/24"],
                ["web-2", "data", "web-2-data", "br-vm", 100, 4, 1024, "10.0.0.12/24"],
                ["web-2", "mgmt", "web-2-mgmt", "br-mgmt", null, 4, 1024, "192.168.100.12/24"],
                ["db-1", "data", "db-1-data", "br-vm", 200, 4, 1024, "10.0.0.21/24"],
                ["db-1", "mgmt", "db-1-mgmt", "br-mgmt", null, 4, 1024, "192.168.100.21/24"],
            ],
        );
    });

    it("gives every NIC a MAC address of its own", async () => {
        const { nics } = Declared.parse((await sample()).named("sample").outputs.declared);
        assert.equal(new Set(nics.map(({ mac }) => mac)).size, 6);
    });

    it("is what index.ts builds", async () => {
        const program = require.resolve("../../index");
        const run = await withLibvirt("0.8.3", () =>
            registeredBy(() => {
                delete require.cache[program];
                // eslint-disable-next-line @typescript-eslint/no-require-imports
                require(program);
            }, asEngine(config)),
        );
        assert.deepEqual(run.types(), (await sample()).types());
    });
});

describe("the stack config", () => {
    const message = async (values: Record<string, unknown>) => {
        let told = "";
        const run = await registeredBy(() => {
            try {
                stackConfig();
            } catch (error) {
                assert.ok(pulumi.RunError.isInstance(error), String(error));
                told = error.message;
            }
        }, asEngine(values));
        assert.deepEqual(run.registered, []);
        return told;
    };

    it("is told as one message that names the file, and nothing is registered", async () =>
        assert.match(
            await message({
                "kvmnet:host": "nowhere",
                "kvmnet-sample:environment": { guests: { "web 1": { vcpus: 0 } } },
            }),
            /^Stack config kvmnet-sample:environment in Pulumi\.lab\.yaml: 3 problems\. Nothing was changed\./,
        ));

    for (const bad of ["hello", 5, [1], "{"])
        it(`is refused when it is no object: ${JSON.stringify(bad)}`, async () =>
            assert.match(
                await message({ "kvmnet-sample:environment": bad }),
                /an environment is an object with switches, bridges and guests/,
            ));

    it("takes for a switch, a bridge or a VLAN only what is declared, not what every object seems to have", async () => {
        const nics = {
            a: { switch: "toString", vlan: 5 },
            b: { bridge: "valueOf" },
            c: { switch: "s", vlan: "toString" },
        };
        const environment = { switches: { s: { vlans: { web: 100 } } }, guests: { g: { nics } } };
        assert.match(
            await message({ "kvmnet:host": "lab://sample", "kvmnet-sample:environment": environment }),
            /a\.switch: no such switch[^]*b\.bridge: no such bridge[^]*c\.vlan: no such VLAN in switch s/,
        );
    });

    it("is local where no host is named, and then guests need something to boot", async () =>
        assert.match(
            await message({ "kvmnet-sample:environment": { guests: { a: {} } } }),
            /guests\.a\.boot: only a lab/,
        ));
});
