import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { fixFiles } from "../../cli/lint-fix";
import { fixed } from "../../policies/lint/fix";
import { kindOf } from "../../policies/lint/kinds";
import { lint } from "../../policies/lint/run";
import { profileOf } from "../../policies/profiles";
import { rules, stackRules } from "../../policies/table";

const SETTINGS = { rules, stackRules, config: profileOf("throughput"), profile: "throughput", version: "1.2.3" };
const run = (path: string, text: string) => lint([{ path, content: Buffer.from(text) }], SETTINGS);
const rulesIn = async (path: string, text: string) => (await run(path, text)).report.findings.map(({ rule }) => rule);
/** The text after all that can be put right is. */
async function after(path: string, text: string): Promise<string> {
    const { report, unreadable } = await run(path, text);
    assert.deepEqual(unreadable, []);
    return (await fixed(text, kindOf({ file: path, text }), report.findings)).text;
}

const domain = (...interfaces: string[]) =>
    `<!-- kept -->\n<domain type='kvm'>\n  <name>web</name>\n  <vcpu>4</vcpu>\n  <devices>\n${interfaces.join("\n")}\n  </devices>\n</domain>\n`;

describe("kvmnet lint --fix, in domain XML", () => {
    it("sets rings and queues on a driver that is there, with quotes as it has them", async () =>
        assert.equal(
            await after(
                "d.xml",
                domain(
                    `    <interface type="bridge">\n      <model type="virtio"/>\n      <driver name="vhost"   txmode="timer" />\n    </interface>`,
                ),
            ),
            domain(
                `    <interface type="bridge">\n      <model type="virtio"/>\n      <driver name="vhost"   txmode="timer" queues="4" rx_queue_size="1024" />\n    </interface>`,
            ),
        ));

    it("makes the driver where there is none, on a line of its own", async () =>
        assert.equal(
            await after(
                "d.xml",
                domain(`    <interface type='bridge'>\n      <model type='virtio'/>\n    </interface>`),
            ),
            domain(
                `    <interface type='bridge'>\n      <model type='virtio'/>\n      <driver queues='4'/>\n    </interface>`.replace(
                    "queues='4'",
                    "queues='4' rx_queue_size='1024'",
                ),
            ),
        ));

    it("changes a value in place, and takes away what does nothing", async () => {
        const text = domain(
            `    <interface type='bridge'><virtualport type='openvswitch'/><model type='virtio'/><driver name='vhost' queues='4' rx_queue_size='2048' tx_queue_size='1024'><host mrg_rxbuf='off' csum='on'/></driver><mtu size='9000'/><bandwidth><inbound average='1000'/><outbound average='10' peak='20'/></bandwidth></interface>`,
        );
        assert.equal(
            await after("d.xml", text),
            text
                .replace("rx_queue_size='2048' tx_queue_size='1024'", "rx_queue_size='1024'")
                .replace("<host mrg_rxbuf='off' csum='on'/>", "<host csum='on'/>")
                .replace(" peak='20'", ""),
        );
    });

    it("leaves what a person must decide, such as the model of a NIC", async () => {
        const text = domain(`    <interface type='bridge'><model type='rtl8139'/></interface>`);
        assert.equal(await after("d.xml", text), text);
    });

    it("leaves an average without a peak, by which Open vSwitch guarantees a rate and holds nobody to it", async () => {
        const nic = (bandwidth: string) =>
            domain(
                `    <interface type='network'><source network='ovs'/><model type='virtio'/><driver name='vhost' queues='4' rx_queue_size='1024'/>${bandwidth}</interface>`,
            );
        const limit = "<bandwidth><inbound average='1000'/></bandwidth>";
        const network = (more: string) =>
            `<network><name>ovs</name><forward mode='bridge'/><bridge name='br0'/><virtualport type='openvswitch'/><portgroup name='one' default='yes'><vlan><tag id='10'/></vlan>${more}</portgroup></network>`;
        for (const [ofNic, ofNetwork] of [
            [limit, ""],
            ["", limit],
        ] as const) {
            const [text, beside] = [nic(ofNic), network(ofNetwork)];
            const { report } = await lint(
                [
                    { path: "d.xml", content: Buffer.from(text) },
                    { path: "n.xml", content: Buffer.from(beside) },
                ],
                SETTINGS,
            );
            const findings = report.findings.filter(({ position }) => position.file === "d.xml");
            assert.deepEqual(
                findings.map(({ rule }) => rule),
                ["qos-inbound-peak"],
            );
            assert.equal((await fixed(text, "domain", findings)).text, text);
        }
    });

    it("leaves one queue where libvirt takes no more", async () => {
        const nic = (driver: string) =>
            domain(`    <interface type='user'><model type='virtio'/>${driver}</interface>`);
        assert.equal(await after("d.xml", nic("<driver/>")), nic("<driver rx_queue_size='1024'/>"));
    });

    it("leaves the queues of a NIC whose tap others make, as they may have made it for one", async () => {
        const nic = (driver: string) =>
            domain(
                `    <interface type='ethernet'><target dev='tap-b' managed='no'/><model type='virtio'/>${driver}</interface>`,
            );
        assert.equal(await after("d.xml", nic("<driver/>")), nic("<driver rx_queue_size='1024'/>"));
    });

    it("keeps line ends, tabs, comments, CDATA and all other NICs byte for byte, and mends what it says it mends", () =>
        fc.assert(
            fc.asyncProperty(
                fc.array(
                    fc.record({
                        before: fc.constantFrom("", "<!-- a 'b' \"c\" -->", "\t\t", "<alias name='x>y'/>"),
                        lineEnd: fc.constantFrom("\n", "\r\n", ""),
                        driver: fc.constantFrom(
                            "",
                            "<driver/>",
                            "<driver name='vhost'></driver>",
                            '<driver\n\tname = "vhost"\n/>',
                            "<driver rx_queue_size = '256' queues='1'><host csum='off'/></driver>",
                        ),
                        model: fc.constantFrom("virtio", "e1000"),
                    }),
                    { minLength: 1, maxLength: 4 },
                ),
                async (nics) => {
                    const text = domain(
                        ...nics.map(
                            ({ before, lineEnd, driver, model }) =>
                                `<interface type='ethernet'>${before}${lineEnd}<model type='${model}'/>${driver}${lineEnd}</interface>`,
                        ),
                    );
                    const result = await after("d.xml", text);
                    const found = await rulesIn("d.xml", result);
                    for (const rule of ["ring-undersized", "queues-missing"]) assert.ok(!found.includes(rule), result);
                    // What was there is there still, in its order: only pieces were put in, or values changed.
                    let at = 0;
                    for (const sign of text.replace(/'256'|'1'/g, "")) {
                        at = result.indexOf(sign, at) + 1;
                        assert.ok(at > 0, `${JSON.stringify(sign)} of ${text} is gone from ${result}`);
                    }
                    assert.equal(await after("d.xml", result), result, "a second run changes nothing");
                },
            ),
            { numRuns: 60 },
        )).timeout(300_000);
});

describe("kvmnet lint --fix, in YAML", () => {
    it("gives a bond of netplan its link check, with comments and flow kept", async () => {
        const netplan = (parameters: string) =>
            `# mine\nnetwork:\n  version: 2 # two\n  bonds:\n    b0:   # the bond\n      interfaces: [eno1, eno2]\n${parameters}`;
        const mode = "mode: 802.3ad, transmit-hash-policy: layer3+4";
        assert.equal(
            await after("n.yaml", netplan(`      parameters: {${mode}}\n`)),
            netplan(`      parameters: {mii-monitor-interval: 100, ${mode}}\n`),
        );
        assert.equal(
            await after("n.yaml", netplan(`      parameters:\n        mode: active-backup # one\n`)),
            netplan(`      parameters:\n        mii-monitor-interval: 100\n        mode: active-backup # one\n`),
        );
        assert.equal(
            await after("n.yaml", netplan(`      parameters: {mode: active-backup, mii-monitor-interval: 0}\n`)),
            netplan(`      parameters: {mode: active-backup, mii-monitor-interval: 100}\n`),
        );
        assert.equal(
            await after("n.yaml", "network:\n  bonds:\n    b0: {interfaces: [a]}\n"),
            "network:\n  bonds:\n    b0: {parameters: {mii-monitor-interval: 100}, interfaces: [a]}\n",
        );
        assert.equal(
            await after("n.yaml", "network:\n  bonds:\n    b0:\n      interfaces: [a]\n"),
            "network:\n  bonds:\n    b0:\n      parameters:\n        mii-monitor-interval: 100\n      interfaces: [a]\n",
        );
    });

    it("and one of nmstate, which stands in a list", async () => {
        const bond = (options: string) =>
            `interfaces:\n  - name: b0 # it\n    type: bond\n    link-aggregation:\n      mode: active-backup\n      options:\n        ${options}\n`;
        assert.equal(await after("n.yml", bond('miimon: "0" # none')), bond("miimon: 100 # none"));
    });
});

it("kvmnet lint --fix, in a VM of Proxmox VE, adds to the line of the NIC", async () =>
    assert.equal(
        await after("100.conf", "cores: 4\r\nnet0: virtio=BC:24:11:00:00:02,bridge=vmbr0\r\nname: x\r\n"),
        "cores: 4\r\nnet0: virtio=BC:24:11:00:00:02,bridge=vmbr0,queues=4\r\nname: x\r\n",
    ));

it("kvmnet lint --fix keeps a byte order mark, leaves other encodings alone, and judges again", async () => {
    const folder = mkdtempSync(join(tmpdir(), "kvmnet-fix-"));
    try {
        const text = domain(`    <interface type='ethernet'><model type='virtio'/></interface>`);
        const files = [
            { path: join(folder, "mark.xml"), content: Buffer.from(`\ufeff${text}`) },
            { path: join(folder, "wide.xml"), content: Buffer.from(`\ufeff${text}`, "utf16le") },
        ];
        for (const { path, content } of files) writeFileSync(path, content);
        const [marked, wide] = await fixFiles(files, await lint(files, SETTINGS));
        assert.match(readFileSync(join(folder, "mark.xml"), "utf8"), /^\ufeff<!-- kept -->[^]*rx_queue_size='1024'/);
        assert.deepEqual(marked?.content, readFileSync(join(folder, "mark.xml")));
        assert.deepEqual(wide?.content, files[1]?.content);
    } finally {
        rmSync(folder, { recursive: true });
    }
});
