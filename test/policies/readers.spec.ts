import assert from "node:assert/strict";
import { read } from "../../policies/lint/read";
import type { KindName } from "../../policies/lint/kinds";
import { lint } from "../../policies/lint/run";
import { Unreadable } from "../../policies/lint/source";
import { NotKnown } from "../../policies/known";
import { profileOf } from "../../policies/profiles";
import { rules, stackRules } from "../../policies/table";

const SETTINGS = { rules, stackRules, config: profileOf("default"), profile: "default", version: "1.2.3" };
const resourcesOf = async (text: string, file = "it", kind?: KindName) =>
    (await read(file, Buffer.from(text), kind)).resources;
const kindOf = async (text: string) => (await read("it", Buffer.from(text))).kind;
/** `rule file:line subject` of each finding. */
const found = async (files: Record<string, string>, more = {}) => {
    const { report, unreadable } = await lint(
        Object.entries(files).map(([path, text]) => ({ path, content: Buffer.from(text) })),
        { ...SETTINGS, ...more },
    );
    assert.deepEqual(unreadable, []);
    return report.findings.map(({ rule, position: { file, line }, subject }) => `${rule} ${file}:${line} ${subject}`);
};

/** What `trunk-unbounded` says of each port of Open vSwitch that lists no VLANs: a finding's level, or that it could not decide. */
const openTrunks = async (path: string, text: string) => {
    const { report, unreadable } = await lint([{ path, content: Buffer.from(text) }], SETTINGS);
    assert.deepEqual(unreadable, []);
    return Object.fromEntries(
        report.findings
            .filter(({ rule }) => rule === "trunk-unbounded")
            .map(({ subject, kind, level }): [string, string] => [
                /port (\S+)$/.exec(subject)?.[1] ?? "",
                kind === "undecided" ? kind : level,
            ]),
    );
};

const NETPLAN = `network:
  version: 2
  renderer: networkd
  ethernets:
    eno1: {mtu: 9000}
    eno2:
      mtu: 9000
  bonds:
    bond0:
      interfaces: [eno1, eno2]
      parameters:
        mode: 802.3ad
        transmit-hash-policy: layer3+4
  bridges:
    br0:
      interfaces:
        - bond0
      mtu: 1500
      addresses: [10.0.0.2/24, {10.0.0.3/24: {label: "br0:1"}}]
      parameters: {stp: no}
    ovs0:
      openvswitch:
        controller:
          addresses: ["tcp:10.0.0.9:6653"]
      interfaces: [eno3]
  vlans:
    v10: {id: 10, link: bond0}
`;

describe("netplan", () => {
    it("becomes links, bonds, bridges with their ports, VLANs and addresses, each with its line", async () => {
        const resources = await resourcesOf(NETPLAN);
        assert.deepEqual(
            resources.map(({ type, name, position: { line } }) => `${type.replace("kvmnet:", "")} ${name} ${line}`),
            [
                "host:Link eno1 5",
                "host:Link eno2 6",
                "host:Bond bond0 9",
                "host:Bridge br0 15",
                "host:BridgePort bond0 17",
                "host:Address br0 10.0.0.2/24 19",
                "host:Address br0 10.0.0.3/24 19",
                "ovs:Bridge ovs0 21",
                "ovs:Port eno3 25",
                "ovs:Controller ovs0 24",
                "host:Vlan v10 27",
            ],
        );
    });

    it("has no link check on a bond that says none, as netplan writes it", async () =>
        assert.ok((await found({ "a.yaml": NETPLAN })).includes("bond-monitor a.yaml:9 Bond bond0, the resource")));

    it("reads the intervals of a bond with their units, as netplan takes them", async () => {
        const bond = async (interval: string) => {
            const [one] = await resourcesOf(
                `network:\n  bonds:\n    b: {interfaces: [a], parameters: {mii-monitor-interval: ${interval}, arp-interval: ${interval}}}\n`,
            );
            const { miimon, arpInterval } = one?.props as Record<string, unknown>;
            return [miimon, arpInterval];
        };
        for (const [said, ms] of Object.entries({
            ...{ "100": 100, "100ms": 100, "1s": 1000, "500us": 0.5, "1min 30s": 90_000, '"250"': 250 },
        }))
            assert.deepEqual(await bond(said), [ms, ms], said);
        assert.deepEqual(await bond("0"), [0, undefined]);
        for (const value of await bond("soon")) assert.ok(value instanceof NotKnown);
    });

    it("takes balance-rr for a bond without a mode", async () =>
        assert.ok(
            (
                await found({
                    "a.yaml": "network:\n  bonds:\n    b: {interfaces: [a], parameters: {mii-monitor-interval: 100}}\n",
                })
            ).includes("bond-mode a.yaml:3 Bond b, the resource"),
        ));

    it("has no guest behind what it makes itself, nor behind what is called like a NIC", async () => {
        const ports = (members: string[], more = "") =>
            openTrunks(
                "a.yaml",
                `network:\n  bridges:\n    ovs0: {openvswitch: {}, interfaces: [${members.join(", ")}]}\n${more}`,
            );
        const made = [
            "  ethernets: {wan: {}}",
            "  vlans: {v10: {id: 10, link: wan}}",
            "  tunnels: {t0: {mode: vxlan, id: 1, remote: 192.0.2.1}}",
            "  dummy-devices: {d0: {}}",
            "  virtual-ethernets: {x0: {peer: x1}, x1: {peer: x0}}",
            "",
        ].join("\n");
        assert.deepEqual(await ports(["wan", "v10", "t0", "d0", "x0", "eth1", "tap0"], made), {
            ...{ wan: "advisory", v10: "advisory", t0: "advisory", d0: "advisory", x0: "advisory" },
            ...{ eth1: "advisory", tap0: "mandatory" },
        });
        assert.deepEqual(await ports(["lan"]), { lan: "undecided" });
    });

    it("without a mapping network is told by its kind", async () =>
        assert.rejects(resourcesOf("a: 1", "a.yaml", "netplan"), /a\.yaml is no netplan configuration/));
});

const NMSTATE = `---
interfaces:
  - name: eth1
    type: ethernet
    state: up
    mtu: 1500
  - name: bond0
    type: bond
    link-aggregation:
      mode: balance-rr
      options:
        miimon: "140"
      port: [eth2, eth3]
  - name: br0
    type: linux-bridge
    bridge:
      options: {stp: {enabled: false}}
      port:
        - name: eth1
          vlan: {mode: trunk, trunk-tags: [{id: 101}, {id-range: {min: 500, max: 599}}]}
  - name: ovs0
    type: ovs-bridge
    bridge:
      port:
        - name: bond0
        - name: tap0
        - name: tap1
          vlan: {mode: access, tag: 10}
        - name: ovs0
  - name: gone
    type: bond
    state: absent
`;

describe("nmstate", () => {
    it("becomes the same resources, with the line of each", async () => {
        const resources = await resourcesOf(NMSTATE);
        assert.deepEqual(
            resources.map(({ type, name, position: { line } }) => `${type.replace("kvmnet:", "")} ${name} ${line}`),
            [
                "host:Link eth1 3",
                "host:Bond bond0 7",
                "host:Bridge br0 14",
                "host:BridgePort eth1 19",
                "ovs:Bridge ovs0 21",
                "ovs:Port bond0 25",
                "ovs:Port tap0 26",
                "ovs:Port tap1 27",
            ],
        );
    });

    it("is judged: a port without VLANs carries every one, an uplink may", async () => {
        const findings = await found({ "n.yml": NMSTATE });
        assert.ok(findings.includes("trunk-unbounded n.yml:26 Port tap0, port tap0"));
        assert.ok(findings.includes("bond-mode n.yml:7 Bond bond0, the resource"));
        const { report } = await lint([{ path: "n.yml", content: Buffer.from(NMSTATE) }], SETTINGS);
        const levels = report.findings
            .filter(({ rule }) => rule === "trunk-unbounded")
            .map(({ level, subject }) => `${subject}: ${level}`);
        assert.deepEqual(levels, ["Port bond0, port bond0: advisory", "Port tap0, port tap0: mandatory"]);
    });

    it("has no guest behind what it makes itself, nor behind what is called like a NIC", async () => {
        const ports = (members: string[], more = "") =>
            openTrunks(
                "n.yml",
                `interfaces:\n  - {name: ovs0, type: ovs-bridge, bridge: {port: [${members.map((name) => `{name: ${name}}`).join(", ")}]}}\n${more}`,
            );
        const made = Object.entries({
            ...{ wan: "ethernet", v10: "vlan", t0: "vxlan", d0: "dummy", x0: "veth", i0: "ovs-interface", g0: "tun" },
            // One that is said to be there, and not what it is.
            ...{ eth2: "unknown" },
        }).map(([name, type]) => `  - {name: ${name}, type: ${type}}\n`);
        const members = ["wan", "v10", "t0", "d0", "x0", "i0", "eth1", "eth2", "g0", "tap0"];
        assert.deepEqual(await ports(members, made.join("")), {
            ...{ wan: "advisory", v10: "advisory", t0: "advisory", d0: "advisory", x0: "advisory", i0: "advisory" },
            ...{ eth1: "advisory", eth2: "advisory", g0: "mandatory", tap0: "mandatory" },
        });
        assert.deepEqual(await ports(["lan"]), { lan: "undecided" });
    });

    it("as nmstatectl shows it has tag 0 where a port has a mode and no tag", async () => {
        const tagged = (vlan: string) =>
            `interfaces:\n  - name: ovs0\n    type: ovs-bridge\n    bridge:\n      port: [{name: tap0, vlan: ${vlan}}]\n`;
        const tagOf = async (vlan: string) => {
            const [, port] = await resourcesOf(tagged(vlan));
            return (port?.props as { tag?: unknown }).tag;
        };
        assert.equal(await tagOf("{mode: trunk, tag: 0, trunk-tags: [{id: 10}]}"), undefined);
        assert.equal(await tagOf("{mode: native-untagged, tag: 99, trunk-tags: [{id: 10}]}"), 99);
        assert.equal(await tagOf("{mode: access, tag: 0}"), 0);
        assert.deepEqual(
            (await found({ "n.yml": tagged("{mode: trunk, tag: 0, trunk-tags: [{id: 10}]}") })).filter((line) =>
                line.startsWith("vlan-mode-shape"),
            ),
            [],
        );
    });

    it("tells the address from which a tunnel is sent", async () => {
        const vxlan = "{base-iface: eth0, id: 7, local: 2001:db8::2, destination-port: 4789}";
        const links = `interfaces:\n  - {name: eth0, type: ethernet, mtu: 1500}\n  - {name: vx0, type: vxlan, mtu: 1450, vxlan: ${vxlan}}\n`;
        assert.deepEqual(await found({ "n.yml": links }), ["mtu-overlay n.yml:3 Vxlan vx0, its MTU"]);
    });

    it("has its VLANs judged", async () => {
        const tagged = (vlan: string) =>
            found({
                "n.yml": `interfaces:\n  - name: ovs0\n    type: ovs-bridge\n    bridge:\n      port: [{name: tap0, vlan: ${vlan}}]\n`,
            });
        assert.deepEqual(await tagged("{mode: access, tag: 10}"), []);
        assert.deepEqual(await tagged("{mode: access, tag: 5000}"), ["vlan-range n.yml:5 Port tap0, the port"]);
    });

    it("tells of virtual functions that are trusted, or whose addresses nobody checks", async () => {
        const vfs = "[{id: 0, trust: false, spoof-check: true}, {id: 1, trust: true, spoof-check: false}]";
        const nic = `interfaces:\n  - name: ens1f0\n    type: ethernet\n    ethernet:\n      sr-iov: {total-vfs: 2, vfs: ${vfs}}\n`;
        const findings = await found({ "n.yml": nic });
        assert.deepEqual(findings, [
            "vf-spoof n.yml:2 Link ens1f0, its virtual function 1",
            "vf-trust n.yml:2 Link ens1f0, its virtual function 1",
        ]);
    });

    it("is read from a policy of Kubernetes, and as JSON", async () => {
        const policy = `kind: NodeNetworkConfigurationPolicy\nspec:\n  desiredState:\n    interfaces:\n      - {name: b, type: bond}\n`;
        assert.equal(await kindOf(policy), "nmstate");
        assert.equal((await resourcesOf(policy))[0]?.position.line, 5);
        assert.equal(await kindOf('{"interfaces": [{"name": "b", "type": "bond"}]}'), "nmstate");
    });
});

const VM = `#a VM
boot: order=scsi0
cores: 2
sockets: 2
memory: 4096
name: web
net0: virtio=BC:24:11:2E:10:01,bridge=vmbr0,firewall=1,tag=10
net1: rtl8139=BC:24:11:2E:10:02,bridge=vmbr1
net2: virtio=BC:24:11:2E:10:03,bridge=vmbr0,queues=4,rate=0.001,mtu=1
ostype: l26

[before-upgrade]
net0: e1000=BC:24:11:2E:10:09,bridge=vmbr0
`;

describe("a VM of Proxmox VE", () => {
    it("is judged by its netN, and told what to write there", async () => {
        const { report } = await lint([{ path: "qemu-server/100.conf", content: Buffer.from(VM) }], SETTINGS);
        const told = report.findings.map(
            ({ rule, position: { line }, subject, fix }) => `${line} ${rule}: ${subject}: ${fix}`,
        );
        assert.ok(told.includes("7 queues-missing: Vm web, NIC bc:24:11:2e:10:01 on tap100i0: Set queues=4 in net0."));
        assert.ok(
            told.includes(
                "8 nic-model-legacy: Vm web, NIC bc:24:11:2e:10:02 on tap100i1: Begin net1 with virtio= in place of its model.",
            ),
        );
        assert.ok(
            told.some((line) => line.startsWith("9 qos-unit")),
            "a rate of 1 kB/s is a mistake of the unit",
        );
        assert.ok(!told.some((line) => line.includes("2e:10:09")), "a snapshot is not judged");
        assert.ok(!told.some((line) => line.includes("ring-")), "Proxmox VE sets 1024 descriptors by itself");
        assert.ok(!told.some((line) => line.includes("vlan-backend")), "it plugs the tap and sets the VLAN by itself");
    });

    it("held at an old machine type has the ring of that time", async () =>
        assert.ok(
            (await found({ "1.conf": `${VM.split("\n[")[0]}machine: pc-i440fx-6.0\n` })).some((line) =>
                line.startsWith("ring-undersized 1.conf:7"),
            ),
        ));
});

const DOMAIN = (source: string) => `<domain type='kvm'>
  <name>web</name>
  <devices>
    <interface type='network'>
      <mac address='52:54:00:00:00:01'/>
      <source ${source}/>
      <model type='virtio'/><driver name='vhost' rx_queue_size='1024'/>
    </interface>
  </devices>
</domain>`;
const NETWORK = `<network>
  <name>prod</name>
  <forward mode='bridge'/>
  <bridge name='br0'/>
  <virtualport type='openvswitch'/>
  <portgroup name='web' default='yes'>
    <vlan><tag id='4095'/></vlan>
  </portgroup>
  <portgroup name='slow'>
    <bandwidth><inbound average='1000'/></bandwidth>
  </portgroup>
</network>`;

describe("the netplan files of a folder", () => {
    const file = (...lines: string[]) => ["network:", ...lines.map((line) => `  ${line}`)].join("\n");
    const bond = file(
        "bonds:",
        "  bond0:",
        "    interfaces: [eth0]",
        "    parameters: {mode: active-backup, mii-monitor-interval: 100}",
    );

    it("are one, as netplan merges them: what one leaves out another says", async () => {
        const more = file("bonds:", "  bond0:", "    mtu: 9000");
        assert.deepEqual(await found({ "n/10-a.yaml": bond, "n/20-b.yaml": more }), []);
        const apart = await found({ "n/10-a.yaml": bond, "m/20-b.yaml": more });
        assert.match(apart.join(), /bond-monitor m\/20-b\.yaml/);
    });

    it("are read by their names, whatever order they come in: the later one has the word", async () => {
        const none = file("bonds:", "  bond0:", "    parameters: {mii-monitor-interval: 0}");
        assert.match(
            (await found({ "n/20-b.yaml": none, "n/10-a.yaml": bond })).join(),
            /bond-monitor n\/20-b\.yaml:3 Bond bond0/,
        );
        assert.deepEqual(await found({ "n/00-b.yaml": none, "n/10-a.yaml": bond }), []);
    });

    it("append their lists, and a finding stands in the file that has added the item", async () => {
        const bridge = (...members: string[]) =>
            file(
                "bridges:",
                "  br0:",
                "    openvswitch: {}",
                "    interfaces:",
                ...members.map((name) => `      - ${name}`),
            );
        const told = await found({ "n/10-a.yaml": bridge("eth0", "eth1"), "n/20-b.yaml": bridge("eth2", "tap0") });
        assert.deepEqual(
            told.filter((line) => line.startsWith("trunk-unbounded")),
            [
                "trunk-unbounded n/10-a.yaml:6 Port eth0, port eth0",
                "trunk-unbounded n/10-a.yaml:7 Port eth1, port eth1",
                "trunk-unbounded n/20-b.yaml:6 Port eth2, port eth2",
                "trunk-unbounded n/20-b.yaml:7 Port tap0, port tap0",
            ],
        );
    });

    it("that hold themselves are told as what cannot be read", async () => {
        const [one, other] = ["a", "b"].map((name) => `network: &${name}\n  bonds: *${name}\n`);
        const { unreadable } = await lint(
            Object.entries({ "n/1.yaml": one, "n/2.yaml": other }).map(([path, text = ""]) => ({
                path,
                content: Buffer.from(text),
            })),
            SETTINGS,
        );
        assert.match(unreadable.join(), /n\/1\.yaml, n\/2\.yaml cannot be read together/);
    });
});

describe("libvirt's network XML", () => {
    it("is judged by its port groups", async () =>
        assert.deepEqual(await found({ "net.xml": NETWORK }), [
            "vlan-range net.xml:6 Network prod, port group web",
            "qos-inbound-peak net.xml:9 Network prod, port group slow",
        ]));

    it("is what a guest's NIC beside it inherits, from the port group it names or the default one", async () => {
        const guest = async (source: string) =>
            (await found({ "net.xml": NETWORK, "web.xml": DOMAIN(source) })).filter((line) => line.includes("web.xml"));
        assert.deepEqual(await guest("network='prod'"), ["vlan-range web.xml:4 Domain web, NIC 52:54:00:00:00:01"]);
        assert.deepEqual(await guest("network='prod' portgroup='slow'"), [
            "trunk-unbounded web.xml:1 Domain web, NIC number 1",
            "qos-inbound-peak web.xml:4 Domain web, NIC 52:54:00:00:00:01",
        ]);
        assert.deepEqual(await guest("network='other'"), []);
    });

    it("limits its NICs by a port group alone, and those not that say a limit of their own", async () => {
        const ofItself = `<network><name>prod</name><forward mode='bridge'/><bridge name='br0'/>
            <bandwidth><inbound average='1000'/></bandwidth></network>`;
        const told = async (network: string, source: string, own = "") => {
            const guest = DOMAIN(source).replace("<model", `${own}<model`);
            const all = await found({ "net.xml": network, "web.xml": guest });
            return all.filter((line) => /qos-inbound-peak web\.xml/.test(line)).length;
        };
        assert.equal(await told(ofItself, "network='prod'"), 0);
        assert.equal(await told(NETWORK, "network='prod' portgroup='slow'"), 1);
        const limit = "<bandwidth><outbound average='1000' peak='2000'/></bandwidth>";
        assert.equal(await told(NETWORK, "network='prod' portgroup='slow'", limit), 0);
    });

    it("keeps a guaranteed rate of its NICs where it has an inbound limit of its own", async () => {
        const guest = DOMAIN("network='nat'").replace(
            "<model",
            "<bandwidth><inbound floor='200'/></bandwidth>\n      <model",
        );
        const network = (limit: string) =>
            `<network><name>nat</name><forward mode='nat'/><bridge name='virbr0'/>${limit}</network>`;
        const told = async (files: Record<string, string>) => {
            const { report } = await lint(
                Object.entries(files).map(([path, text]) => ({ path, content: Buffer.from(text) })),
                SETTINGS,
            );
            return report.findings.filter(({ rule }) => rule === "qos-floor").map(({ kind }) => kind);
        };
        const limited = "<bandwidth><inbound average='10000'/></bandwidth>";
        assert.deepEqual(await told({ "web.xml": guest, "net.xml": network(limited) }), []);
        assert.deepEqual(await told({ "web.xml": guest, "net.xml": network("") }), ["violation"]);
        assert.deepEqual(await told({ "web.xml": guest }), ["undecided"]);
    });

    it("of libvirt's own has no VLANs for its NICs", async () => {
        const guest = DOMAIN("network='nat'").replace("<model", "<vlan><tag id='10'/></vlan><model");
        const network = "<network><name>nat</name><forward mode='nat'/><bridge name='virbr0'/></network>";
        assert.deepEqual(await found({ "web.xml": guest, "net.xml": network }), [
            "vlan-backend web.xml:4 Domain web, NIC 52:54:00:00:00:01",
        ]);
    });

    it("of virtual functions tells for all its NICs whether libvirt manages them", async () => {
        const functions = (managed: string) =>
            `<network>\n<name>prod</name>\n<forward mode='hostdev' ${managed}><pf dev='eth0'/></forward>\n</network>`;
        const told = (managed: string) => found({ "net.xml": functions(managed), "web.xml": DOMAIN("network='prod'") });
        assert.deepEqual(await told("managed='yes'"), []);
        for (const managed of ["", "managed='no'"])
            assert.deepEqual(await told(managed), [
                "vf-managed net.xml:1 Network prod, its NICs",
                "vf-managed web.xml:4 Domain web, NIC 52:54:00:00:00:01",
            ]);
    });

    it("tells the addresses of the host", async () => {
        const nat = `<network><name>n</name><bridge name='virbr0'/><ip address='192.168.122.1' netmask='255.255.255.0'/></network>`;
        const [, address] = await resourcesOf(nat);
        assert.deepEqual(address?.props, { link: "virbr0", address: "192.168.122.1/24" });
    });
});

describe("Terraform's JSON", () => {
    const plan = (line: string, after: object, more: object = {}) =>
        JSON.stringify(
            {
                format_version: "1.2",
                terraform_version: "1.9.0",
                planned_values: { root_module: {} },
                resource_changes: [
                    {
                        address: "libvirt_domain.web",
                        mode: "managed",
                        type: "libvirt_domain",
                        change: {
                            actions: ["create"],
                            before: null,
                            after,
                            after_unknown: {},
                            after_sensitive: {},
                            ...more,
                        },
                    },
                    {
                        address: "random_id.x",
                        type: "random_id",
                        change: { actions: ["no-op"], after: {} },
                    },
                ],
                configuration: {
                    provider_config: {
                        libvirt: {
                            name: "libvirt",
                            version_constraint: line,
                            expressions: { uri: { constant_value: "qemu+tcp://kvm1/system" } },
                        },
                    },
                },
            },
            null,
            2,
        );
    const native = {
        name: "web",
        vcpu: 2,
        devices: {
            interfaces: [
                {
                    model: null,
                    driver: { rx_queue_size: 1024, queues: 2, name: "vhost" },
                    source: { bridge: { bridge: "br0" } },
                },
            ],
        },
    };

    it("is judged in the 0.9 line, with the line of the address", async () => {
        const findings = await found({ "plan.json": plan("~> 0.9", native) });
        assert.ok(findings.includes("nic-model-explicit plan.json:9 Domain web, NIC number 1"), findings.join("\n"));
        assert.ok(findings.some((line) => line.startsWith("sec-libvirt-tcp plan.json:")));
    });

    it("has the lists of the 0.9 line under the provider's own names", async () => {
        const lines = await found({
            "plan.json": plan("~> 0.9", {
                ...native,
                devices: { interfaces: [{ source: { vhost_user: { chardev: { unix: { mode: "server" } } } } }] },
                cpu: { numa: { cell: [{ mem_access: "shared" }] } },
                cpu_tune: { vcpu_pin: [{ vcpu: 0, cpu_set: "2" }], emulator_pin: { cpu_set: "2" } },
            }),
        });
        assert.ok(
            lines.some((line) => line.startsWith("pin-emulator plan.json:9 Domain web")),
            lines.join("\n"),
        );
        assert.ok(!lines.some((line) => line.startsWith("vhostuser-shared-mem")), lines.join("\n"));
    });

    it("is judged in the 0.8 line, its stylesheet included", async () => {
        const xslt = `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
            <xsl:template match="@*|node()"><xsl:copy><xsl:apply-templates select="@*|node()"/></xsl:copy></xsl:template>
            <xsl:template match="interface/model"><model type="rtl8139"/></xsl:template></xsl:stylesheet>`;
        const findings = await found({
            "p.json": plan("~> 0.8", {
                name: "web",
                vcpu: 2,
                network_interface: [{ bridge: "br0", mac: "" }],
                xml: [{ xslt }],
            }),
        });
        assert.ok(
            findings.some((line) => line.startsWith("nic-model-legacy p.json:9 Domain web")),
            findings.join("\n"),
        );
    });

    it("leaves open what is known after the apply, and what is sensitive", async () => {
        const holes = { devices: { interfaces: [{ model: true }] } };
        for (const more of [{ after_unknown: holes }, { after_sensitive: holes }]) {
            const { report } = await lint([{ path: "p.json", content: Buffer.from(plan("", native, more)) }], SETTINGS);
            assert.ok(report.findings.some(({ kind, rule }) => kind === "undecided" && rule === "nic-model-explicit"));
        }
    });

    it("passes over what is destroyed", async () =>
        assert.ok(
            !(await found({ "p.json": plan("", native, { actions: ["delete"] }) })).some((line) =>
                line.includes("web"),
            ),
        ));

    it("is read from a state, in modules of modules", async () => {
        const state = {
            format_version: "1.0",
            terraform_version: "1.9.0",
            values: {
                root_module: {
                    child_modules: [
                        {
                            child_modules: [
                                {
                                    resources: [
                                        {
                                            address: "module.a.module.b.libvirt_domain.web",
                                            type: "libvirt_domain",
                                            values: native,
                                        },
                                    ],
                                },
                            ],
                        },
                    ],
                },
            },
        };
        const [resource] = await resourcesOf(JSON.stringify(state));
        assert.equal(resource?.name, "module.a.module.b.libvirt_domain.web");
    });
});

describe("a file whose kind cannot be told", () => {
    it("is told with what is read, and how to name the kind", async () =>
        assert.rejects(resourcesOf("hello\n", "x.txt"), (error: Error) => {
            assert.ok(error instanceof Unreadable);
            return /x\.txt: it cannot be told what it is\. .*libvirt domain XML.*netplan.*--kind/.test(error.message);
        }));

    it("is read as what somebody says it is", async () =>
        assert.deepEqual(
            await resourcesOf("cores: 2\nmemory: 1024\n", "1.conf", "proxmox").then(([vm]) => vm?.type),
            "proxmox:vm:Vm",
        ));

    it("judges nothing of a container of Proxmox, whose NICs no QEMU has", async () => {
        const container = "arch: amd64\nhostname: c1\nnet0: name=eth0,bridge=vmbr0,type=veth\nrootfs: local:vm-1\n";
        assert.deepEqual(await resourcesOf(container, "101.conf"), []);
    });

    it("knows a clustered database, which it does not read", async () =>
        assert.rejects(resourcesOf("OVSDB CLUSTER 1 a\n{}", "conf.db"), /clustered database/));
});

describe("an encoding", () => {
    const text = DOMAIN("network='default'").replace("<name>web", "<name>wéb");
    it("is read by its mark, or as the XML says", async () => {
        for (const bytes of [
            Buffer.from(text),
            Buffer.from(`\ufeff${text}`),
            Buffer.from(`\ufeff${text}`, "utf16le"),
            Buffer.from(`\ufeff${text}`, "utf16le").swap16(),
            Buffer.from(`<?xml version="1.0" encoding="ISO-8859-1"?>\n${text}`, "latin1"),
        ])
            assert.equal((await read("it", bytes)).resources[0]?.name, "wéb");
    });

    it("that is not told is refused, with how to convert it", async () =>
        assert.rejects(read("it.xml", Buffer.from(text, "latin1")), /it\.xml is no UTF-8 text\. Convert it/));

    it("with NUL characters is no text", async () =>
        assert.rejects(read("it", Buffer.from("<domain/>", "utf16le")), /NUL/));
});

it("a hole is told as such, not as a value", async () => {
    const [resource] = await resourcesOf("cores: many\nnet0: virtio=52:54:00:00:00:01\n", "1.conf", "proxmox");
    assert.ok((resource?.props as { proxmoxVm: { vcpus: unknown } }).proxmoxVm.vcpus instanceof NotKnown);
});
