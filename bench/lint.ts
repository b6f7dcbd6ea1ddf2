/** `kvmnet lint`: many files, its start, and rules across ever more NICs. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { profileOf } from "../policies/profiles";
import type { Resource } from "../policies/inputs";
import { nativeDomain } from "../policies/rules/examples";
import { stackRules } from "../policies/table";
import { type Contest, timed } from "./measure";
import { ran } from "./processes";

const BIN = resolve("cli/kvmnet.cjs");
const FILES = 1000;

/** A thousand guests beside what else reads them: a checker started for each, and the parser alone. */
export function manyFiles(): Contest {
    const folder = mkdtempSync(join(tmpdir(), "kvmnet-bench-"));
    const paths = Array.from({ length: FILES }, (_, index) => join(folder, `guest-${index}.xml`));
    const parser = join(folder, "parse.cjs");
    return {
        rounds: 5,
        claims: [
            {
                name: `kvmnet lint of ${FILES} domain XML files of 5 KB, beside xmllint --noout started for each`,
                ours: "lint",
                theirs: "xmllint",
                bound: 1 / 3,
            },
            {
                name: `kvmnet lint of ${FILES} domain XML files of 5 KB, beside a node process that only parses them with saxes`,
                ours: "lint",
                theirs: "parse",
                bound: 3,
            },
        ],
        async around(work) {
            try {
                execFileSync("xmllint", ["--version"], { stdio: "ignore" });
            } catch {
                throw new Error("This measure needs xmllint: apt-get install libxml2-utils.");
            }
            try {
                for (const [index, path] of paths.entries()) writeFileSync(path, guest(index));
                writeFileSync(parser, PARSE);
                return await work();
            } finally {
                rmSync(folder, { recursive: true, force: true });
            }
        },
        round: async () => ({
            lint: await timed(() => ran(process.execPath, [BIN, "lint", `${folder}/*.xml`])),
            parse: await timed(() => ran(process.execPath, [parser, folder])),
            xmllint: await timed(() => ran("xargs", ["-n", "1", "xmllint", "--noout"], { input: paths.join("\n") })),
        }),
    };
}

/** The command from cold, as a shell or a hook starts it. */
export function cold(): Contest {
    const folder = mkdtempSync(join(tmpdir(), "kvmnet-bench-"));
    const file = join(folder, "guest.xml");
    const node = (...args: string[]) => timed(() => ran(process.execPath, args));
    return {
        rounds: 15,
        claims: [
            { name: "kvmnet --version from cold, beside node -e 0", ours: "version", theirs: "nothing", bound: 3 },
            { name: "kvmnet lint of one file from cold, beside node -e 0", ours: "lint", theirs: "nothing", bound: 8 },
        ],
        async around(work) {
            try {
                mkdirSync(folder, { recursive: true });
                writeFileSync(file, guest(0));
                return await work();
            } finally {
                rmSync(folder, { recursive: true, force: true });
            }
        },
        round: async () => ({
            nothing: await node("-e", "0"),
            version: await node(BIN, "--version"),
            lint: await node(BIN, "lint", file),
        }),
    };
}

/** Rules that look across resources, on a tenfold stack. */
export function acrossNics(): Contest {
    const few = stackOf(1000);
    const many = stackOf(10_000);
    const config = profileOf("security");
    const judge = (resources: Resource[]) =>
        timed(() => {
            const enabled = stackRules.filter(({ id }) => config[id]?.enforcementLevel !== "disabled");
            // Nothing of it was read before.
            const fresh = resources.map((resource) => ({ ...resource, props: { ...(resource.props as object) } }));
            for (const rule of enabled) rule.judgeStack(fresh);
            return Promise.resolve();
        });
    return {
        rounds: 7,
        claims: [
            {
                name: "rules across resources on 10,000 NICs, beside the same on 1,000",
                ours: "many",
                theirs: "few",
                bound: 13,
            },
        ],
        round: async () => ({ few: await judge(few), many: await judge(many) }),
    };
}

/** Guests with a tap and a port each, 100 on a bridge with two uplinks. */
function stackOf(nics: number): Resource[] {
    const bridges = Array.from({ length: nics / 100 }, (_, index) => index);
    const made = (type: string, name: string, props: object): Resource => ({
        type: `kvmnet:${type}`,
        name,
        props: { name, ...props },
    });
    return [
        ...bridges.flatMap((index) => [
            made("ovs:Bridge", `br${index}`, { uplinks: [`eth${index}`], mtuRequest: 9000 }),
            made("ovs:Port", `eth${index}`, { bridge: `br${index}`, type: "system", trunks: ["10-99"] }),
        ]),
        ...Array.from({ length: nics }, (_, index) => {
            const dev = `tap${index}`;
            const address = `52:54:00:${[16, 8, 0].map((shift) => ((index >> shift) & 255).toString(16).padStart(2, "0")).join(":")}`;
            return [
                made("host:Tap", dev, { mtu: 9000 }),
                made("ovs:Port", dev, {
                    bridge: `br${index % bridges.length}`,
                    type: "system",
                    tag: 10 + (index % 90),
                }),
                {
                    ...nativeDomain({
                        mac: { address },
                        model: { type: "virtio" },
                        target: { dev },
                        mtu: { size: 9000 },
                    }),
                    name: `guest-${index}`,
                },
            ];
        }).flat(),
    ];
}

/** What only parses: the same library, with positions. */
const PARSE = `
const { readdirSync, readFileSync } = require("node:fs");
const { join } = require("node:path");
const { SaxesParser } = require(${JSON.stringify(require.resolve("saxes"))});
const [folder] = process.argv.slice(2);
let elements = 0;
for (const name of readdirSync(folder).filter((one) => one.endsWith(".xml"))) {
    const parser = new SaxesParser({ position: true });
    parser.on("opentag", () => (elements += parser.line > 0 ? 1 : 0));
    parser.write(readFileSync(join(folder, name), "utf8")).close();
}
if (elements === 0) process.exit(1);
`;

/** A guest as libvirt keeps it, with what rules ask for; the disks and controllers make up its size. */
function guest(index: number): string {
    const id = index.toString(16).padStart(4, "0");
    const mac = `52:54:00:aa:${id.slice(0, 2)}:${id.slice(2)}`;
    const disks = Array.from(
        { length: 6 },
        (_, disk) => `    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='none' io='native' discard='unmap'/>
      <source file='/var/lib/libvirt/images/guest-${index}-${disk}.qcow2'/>
      <target dev='vd${"abcdef"[disk]}' bus='virtio'/>
      <address type='pci' domain='0x0000' bus='0x0${disk + 2}' slot='0x00' function='0x0'/>
    </disk>`,
    );
    const controllers = Array.from(
        { length: 12 },
        (_, port) => `    <controller type='pci' index='${port + 1}' model='pcie-root-port'>
      <target chassis='${port + 1}' port='0x${(port + 16).toString(16)}'/>
    </controller>`,
    );
    return `<domain type='kvm'>
  <name>guest-${index}</name>
  <uuid>4dea22b3-1d52-d8f3-2516-782e98ab${id}</uuid>
  <memory unit='KiB'>4194304</memory>
  <vcpu placement='static'>4</vcpu>
  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><boot dev='hd'/></os>
  <features><acpi/><apic/></features>
  <cpu mode='host-passthrough' check='none' migratable='on'/>
  <clock offset='utc'><timer name='rtc' tickpolicy='catchup'/><timer name='hpet' present='no'/></clock>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
${disks.join("\n")}
${controllers.join("\n")}
    <interface type='bridge'>
      <mac address='${mac}'/>
      <source bridge='br0'/>
      <model type='virtio'/>
      <driver name='vhost' queues='4' rx_queue_size='1024'/>
      <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
    </interface>
    <serial type='pty'><target type='isa-serial' port='0'><model name='isa-serial'/></target></serial>
    <memballoon model='virtio'/>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
  </devices>
</domain>
`;
}
