import assert from "node:assert/strict";
import fc from "fast-check";
import type { Resource } from "../../policies/inputs";
import { NotKnown } from "../../policies/known";
import { judge } from "../../policies/lint/judge";
import { CHANGE } from "../../policies/nics/change";
import { isOfPrograms } from "../../policies/nics/reader";
import { packOf } from "../../policies/pack";
import { profileOf } from "../../policies/profiles";
import { type Profile, PROFILES, type RuleData, type TableRule } from "../../policies/rule";
import { everyRule, rules, stackRules } from "../../policies/table";
import { type Config, NOT_KNOWN_YET, runPolicy } from "../../policies/test-kit";
import { made, nativeDomain, tunedClassic, tunedDomain } from "../../policies/rules/examples";
import { onSwitch } from "../../policies/rules/stack-examples";

const byId = (id: string): TableRule => rules.find((rule) => rule.id === id) ?? assert.fail(`no rule ${id}`);

/** What the rule alone says of a NIC of the 0.9 line. */
const said = (id: string, nic: object, domain: object = {}, thresholds = {}) =>
    byId(id).judge(nativeDomain(nic, domain).props, thresholds);

const virtio = { model: { type: "virtio" } };

/** A rule judges in the first profile in which it is not disabled. */
const configOf = ({ id }: RuleData): Config => {
    const profile = PROFILES.map(profileOf).find((one) => one[id]?.enforcementLevel !== "disabled");
    return { [id]: profile?.[id] ?? {} };
};

/** What the linter says of resources that stand together, which knows changes and files as well. */
const linted = (resources: Resource[], profile: Profile = "default") =>
    judge(
        { rules, stackRules },
        resources.map((resource) => ({ ...resource, position: { file: "x" } })),
        profileOf(profile),
    );

describe("the rule table", () => {
    it("names every rule once, in kebab case", () => {
        const ids = everyRule.map(({ id }) => id);
        assert.deepEqual(ids, [...new Set(ids)]);
        for (const id of ids) assert.match(id, /^[a-z0-9]+(-[a-z0-9]+)*$/);
    });

    it("fills every field of every rule", () => {
        for (const { id, title, why, fix, sources, url, tags } of everyRule) {
            for (const sentence of [title, why, fix]) assert.match(sentence, /^\S.*[.)]$/s, `${id}: ${sentence}`);
            assert.match(url, /^https:\/\//, id);
            assert.ok(sources.length > 0 && tags.length > 0, id);
        }
    });

    for (const rule of rules) {
        describe(rule.id, () => {
            it("passes its good examples, about which no other rule has anything to say either", () => {
                assert.ok(rule.examples.good.length > 0);
                for (const example of rule.examples.good) {
                    assert.deepEqual(rule.judge(example.props), []);
                    assert.deepEqual(others([example]), []);
                }
            });

            for (const [index, example] of rule.examples.bad.entries())
                it(`reports bad example ${index + 1}, and no other does, with the resource, the value and what to set`, async () => {
                    assert.deepEqual(others([example], rule), []);
                    const [violation, ...more] = await reported(rule, example);
                    assert.deepEqual(more, []);
                    assert.equal(violation?.policy, rule.id);
                    assert.match(
                        violation.message,
                        new RegExp(
                            `\n\\w+ ${example.name}, (NIC .+|the guest|its [\\w ]+|the resource|the port|port tap0): .+\\.\n[A-Z].+\\.$`,
                        ),
                    );
                });

            it("has its thresholds within their own bounds, in every profile", () => {
                for (const { value, minimum, maximum, allowed } of Object.values(rule.parameters))
                    for (const threshold of Object.values(value)) {
                        assert.ok(threshold >= minimum && threshold <= maximum);
                        assert.ok(allowed?.includes(threshold) ?? true);
                    }
            });
        });
    }
});

/** What the pack reports; the linter alone knows files and changes, so there its finding is put into the same words. */
async function reported(rule: TableRule, example: Resource): Promise<{ policy: string; message: string }[]> {
    if (isOfPrograms(example.type)) return runPolicy(packOf([rule]), [example], configOf(rule));
    const own = linted([example], "security").filter(({ rule: id }) => id === rule.id);
    return own.map(({ subject, message, fix = "" }) => ({
        policy: rule.id,
        message: `\n${subject}: ${message}\n${fix}`,
    }));
}

/** What all rules but one say of an example in profile default. */
const others = (resources: Resource[], but?: RuleData) =>
    linted(resources)
        .filter(({ rule }) => rule !== but?.id)
        .map(({ rule, kind, subject, message }) => `${rule} ${kind} ${subject}: ${message}`);

describe("nic-model-explicit", () => {
    it("is about x86, which a domain is that names no architecture", () => {
        for (const typeArch of ["x86_64", "i686"])
            assert.equal(said("nic-model-explicit", {}, { os: { typeArch } })[0]?.kind, "violation");
        for (const typeArch of ["aarch64", "riscv64", "s390x", "loongarch64"])
            assert.deepEqual(said("nic-model-explicit", {}, { os: { typeArch } }), []);
    });

    it("does not decide where libvirt's choice is not known", () =>
        assert.equal(said("nic-model-explicit", {}, { os: { typeArch: "ppc64le" } })[0]?.kind, "undecided"));

    it("says nothing of a device of the host that is passed through", () =>
        assert.deepEqual(said("nic-model-explicit", { managed: true, source: { hostdev: {} } }), []));

    it("takes an empty model for none", () =>
        assert.equal(said("nic-model-explicit", { model: { type: "" } })[0]?.kind, "violation"));
});

describe("ring-undersized", () => {
    it("reports exactly the rings below its threshold", () =>
        fc.assert(
            fc.property(fc.constantFrom(256, 512, 1024), fc.constantFrom(512, 1024), (rxQueueSize, minimum) => {
                const findings = said("ring-undersized", { ...virtio, driver: { rxQueueSize } }, {}, { minimum });
                assert.equal(findings.length, rxQueueSize < minimum ? 1 : 0);
            }),
        ));

    it("tells the ring and the one to set", () => {
        const [finding] = said("ring-undersized", { ...virtio, driver: { rxQueueSize: 256 } }, {}, { minimum: 1024 });
        assert.ok(finding?.kind === "violation");
        assert.equal(finding.fault.found, "its RX ring has 256 descriptors, and 1024 are asked for");
        assert.match(finding.fault.set, /^Set devices\.interfaces\[0\]\.driver\.rxQueueSize to 1024;/);
    });

    it("leaves a NIC without a virtio ring to the other rules", () => {
        for (const nic of [{ model: { type: "e1000" } }, {}, { source: { hostdev: {} } }])
            assert.deepEqual(said("ring-undersized", nic), []);
    });
});

describe("a virtio NIC that says which kind of it", () => {
    for (const type of ["virtio-transitional", "virtio-non-transitional"])
        it(`is judged as one that is ${type}`, () => {
            const nic = { model: { type }, source: { bridge: { bridge: "br0" } } };
            for (const id of ["queues-missing", "ring-undersized", "vhost-explicit"])
                assert.notDeepEqual(said(id, nic, { type: "kvm" }), [], id);
            const interfaces = Array.from({ length: 12 }, () => ({ ...nic, driver: { queues: 8 } }));
            assert.equal(said("nic-vectors", {}, { devices: { interfaces } })[0]?.kind, "violation");
        });

    it("is another model when its kind changes, and one that line 0.9 must name", () => {
        const findings = (before: Resource, after: Resource) =>
            linted([
                {
                    type: CHANGE,
                    name: "web",
                    props: { kind: "domain", before: before.props, after: after.props },
                },
            ]).map(({ rule, message }) => `${rule}: ${message}`);
        const transitional = tunedDomain({ model: { type: "virtio-transitional" } });
        assert.match(findings(tunedDomain({}), transitional).join(), /restarts: .*model virtio to virtio-transitional/);
        const classic = tunedClassic('<model type="virtio-transitional"/>');
        const bare = tunedDomain({ model: {}, target: { dev: "tap-web0" } });
        assert.match(findings(classic, bare).join(), /migrate-model-default: .*was virtio and becomes rtl8139/);
    });
});

it("pin-auto stops nobody: libvirt keeps the pin, and obeys it", () =>
    assert.deepEqual(
        PROFILES.map((profile) => profileOf(profile)["pin-auto"]?.enforcementLevel),
        PROFILES.map(() => "advisory"),
    ));

describe("tap-name-reserved", () => {
    it("says nothing of a tap that others make, whose name libvirt keeps", () => {
        const on = (target: object) => said("tap-name-reserved", { ...virtio, source: { ethernet: {} }, target });
        assert.deepEqual(on({ dev: "macvtap0", managed: false }), []);
        assert.equal(on({ dev: "macvtap0" })[0]?.kind, "violation");
    });
});

describe("nic-model-legacy", () => {
    const old = { model: { type: "rtl8139" } };

    it("says nothing of a device of the host that is passed through, which QEMU emulates no NIC for", () => {
        assert.deepEqual(said("nic-model-legacy", { ...old, managed: true, source: { hostdev: {} } }), []);
        assert.equal(said("nic-model-legacy", { ...old, source: { bridge: { bridge: "br0" } } })[0]?.kind, "violation");
    });
});

describe("queues-missing", () => {
    it("asks for min(vCPUs, 8) queues from two vCPUs on", () =>
        fc.assert(
            fc.property(fc.integer({ min: 1, max: 512 }), (vcpu) => {
                const [finding] = said("queues-missing", virtio, { vcpu });
                if (vcpu < 2) return assert.equal(finding, undefined);
                assert.ok(finding?.kind === "violation");
                assert.equal(finding.fault.found, `it has 1 queue, and its guest has ${vcpu} vCPUs`);
                assert.match(finding.fault.set, new RegExp(`driver\\.queues to ${Math.min(vcpu, 8)};`));
            }),
        ));

    it("is content with any second queue", () =>
        assert.deepEqual(said("queues-missing", { ...virtio, driver: { queues: 2 } }, { vcpu: 64 }), []));

    it("begins at the number of vCPUs that the config says", () => {
        assert.deepEqual(said("queues-missing", virtio, { vcpu: 3 }, { vcpus: 4 }), []);
        assert.equal(said("queues-missing", virtio, { vcpu: 4 }, { vcpus: 4 }).length, 1);
    });

    it("says how the tap is to be made where libvirt does not make it", () => {
        const advice = (target: object) => {
            const [finding] = said("queues-missing", { ...virtio, source: { ethernet: {} }, target });
            return finding?.kind === "violation" ? finding.fault.set : "";
        };
        assert.match(advice({ dev: "tap-b", managed: false }), /multi_queue/);
        assert.doesNotMatch(advice({ dev: "tap-b" }), /multi_queue/);
    });
});

describe("vlan-range", () => {
    const kinds = (port: object) =>
        byId("vlan-range")
            .judge({ bridge: "br0", ...port })
            .map(({ kind }) => kind);

    it("is about the ports of a set as well", () =>
        assert.match(
            JSON.stringify(
                byId("vlan-range").judge({ bridge: "br0", ports: { tap0: { tag: 10 }, tap1: { tag: 4095 } } }),
            ),
            /^\[[^[]*port tap1[^[]*\]$/,
        ));

    it("looks at trunks, where 0 is for frames without a tag", () => {
        assert.deepEqual(kinds({ trunks: ["0", "10-19", "4094"] }), []);
        for (const trunks of [["10", "4095"], ["4000-5000"]]) assert.deepEqual(kinds({ trunks }), ["violation"]);
    });

    it("does not decide over a tag that is not known yet", () =>
        assert.deepEqual(kinds({ tag: new NotKnown("it is not known yet") }), ["undecided"]));
});

describe("vlan-backend", () => {
    const kinds = (source: object, libvirt = 9) =>
        said("vlan-backend", { source, vlan: { tags: [{ id: 100 }] } }, {}, { libvirt }).map(({ kind }) => kind);

    it("is content where libvirt hands the VLAN to a virtual function", () => {
        assert.deepEqual(kinds({ direct: { dev: "eth1", mode: "passthrough" } }), []);
        assert.deepEqual(kinds({ hostdev: {} }), []);
    });

    it("does not decide over a network that was not read", () =>
        assert.deepEqual(kinds({ network: { network: "prod" } }), ["undecided"]));

    it("has newer versions of libvirt set it on a Linux bridge, and nowhere else", () => {
        assert.deepEqual(kinds({ bridge: { bridge: "br0" } }, 11), []);
        assert.deepEqual(kinds({ ethernet: {} }, 11), ["violation"]);
    });
});

describe("the rules about whole stacks", () => {
    for (const rule of stackRules) {
        describe(rule.id, () => {
            const pack = packOf([], [rule]);

            it("passes its good examples, about which no other rule has anything to say either", async () => {
                assert.ok(rule.examples.good.length > 0);
                for (const stack of rule.examples.good) {
                    assert.deepEqual(await runPolicy(pack, stack, configOf(rule)), []);
                    assert.deepEqual(others(stack), []);
                }
            });

            for (const [index, stack] of rule.examples.bad.entries())
                it(`reports bad example ${index + 1}, and no other does, on the resource, with what to set`, async () => {
                    assert.deepEqual(others(stack, rule), []);
                    const [violation, ...more] = await runPolicy(pack, stack, configOf(rule));
                    assert.deepEqual(more, []);
                    assert.equal(violation?.policy, rule.id);
                    assert.ok(stack.some(({ name }) => name === violation.resource));
                    assert.match(violation.message, /\n\w+ [\w.-]+, .+: .+\.\n[A-Z].+\.$/);
                });
        });
    }

    it("say that uplinks and patches carry every VLAN, and stop nothing for it", async () => {
        const stack = [
            { type: "kvmnet:ovs:Bridge", name: "br0", props: { name: "br0", uplinks: ["eth0"] } },
            { type: "kvmnet:ovs:Port", name: "eth0", props: { name: "eth0", bridge: "br0", type: "system" } },
            { type: "kvmnet:ovs:Port", name: "pt", props: { name: "pt", bridge: "br0", type: "patch" } },
        ];
        const told = await runPolicy(packOf([], stackRules), stack);
        assert.deepEqual(
            told.map(({ policy, level, resource }) => [policy, level, resource]),
            [
                ["trunk-unbounded", "advisory", "eth0"],
                ["trunk-unbounded", "advisory", "pt"],
            ],
        );
    });

    it("see the port that libvirt itself adds to Open vSwitch", () => {
        const told = (nic: object, ...more: Resource[]) =>
            linted([onSwitch(nic), ...more], "security").flatMap(({ rule, kind }) =>
                ["trunk-unbounded", "sec-mgmt-bridge-shared", "sec-mac-spoofing"].includes(rule)
                    ? [`${rule} ${kind}`]
                    : [],
            );
        const management = [
            made("ovs:Bridge", { name: "br0", failMode: "standalone" }),
            made("host:Address", { name: "a", link: "br0", address: "10.0.0.1/24" }),
            made("host:Route", { name: "r", destination: "0.0.0.0/0", gateway: "10.0.0.254", link: "br0" }),
        ];
        assert.deepEqual(told({}, ...management).sort(), [
            "sec-mac-spoofing violation",
            "sec-mgmt-bridge-shared violation",
            "trunk-unbounded violation",
        ]);
        assert.deepEqual(told({ vlan: { tags: [{ id: 10 }] } }, ...management), ["sec-mac-spoofing violation"]);
        const declared = { bridge: "br0", type: "system", tag: 10, portSecurity: { mac: "52:54:00:12:34:56" } };
        const tap0 = { target: { dev: "tap0" } };
        assert.deepEqual(told(tap0, ...management, made("ovs:Port", { name: "tap0", ...declared })), []);
        const open = new NotKnown("it is not known yet");
        for (const [nic, port] of [
            [{ target: { dev: open } }, "tap0"],
            [tap0, open],
            [{ virtualPort: open }, "tap1"],
            [{ source: open }, "tap1"],
            [{ source: { network: { network: "of-elsewhere" } } }, "tap1"],
        ] as const)
            assert.deepEqual(
                told(nic, ...management, made("ovs:Port", { name: port, ...declared })).filter((line) =>
                    line.endsWith("violation"),
                ),
                [],
            );
        assert.deepEqual(told({ vlan: open }).sort(), ["sec-mac-spoofing violation", "trunk-unbounded undecided"]);
    });

    it("see what a filter of libvirt's holds a guest to, and leave open what another one does", () => {
        const told = (filter: string) =>
            linted([tunedDomain({ source: { bridge: { bridge: "br0" } }, filterRef: { filter } })], "security").flatMap(
                ({ rule, kind }) => (rule === "sec-mac-spoofing" ? [kind] : []),
            );
        assert.deepEqual(["no-mac-spoofing", "clean-traffic-gateway"].flatMap(told), []);
        assert.deepEqual(["allow-arp", "no-ip-spoofing", "of-our-own"].flatMap(told), [
            "violation",
            "violation",
            "undecided",
        ]);
    });

    it("see the uplink that carries less than a guest may send", () => {
        const chain = (uplink: number, plugged: Resource[]) =>
            (stackRules.find(({ id }) => id === "mtu-chain") ?? assert.fail())
                .judgeStack([
                    ...plugged,
                    made("host:Link", { name: "eth0", mtu: uplink }),
                    made("host:Tap", { name: "tap0", mtu: 9000 }),
                    tunedDomain({ source: { ethernet: {} }, target: { dev: "tap0" }, mtu: { size: 9000 } }),
                ])
                .map((finding) => (finding.kind === "violation" ? finding.fault.found : finding.because));
        const ovs = [
            made("ovs:Bridge", { name: "br0", uplinks: ["eth0"] }),
            made("ovs:Port", { name: "eth0", bridge: "br0", trunks: ["10"] }),
            made("ovs:Port", { name: "tap0", bridge: "br0", tag: 10 }),
        ];
        const linux = [
            made("host:Bridge", { name: "br0" }),
            made("host:BridgePort", { name: "eth0", bridge: "br0" }),
            made("host:BridgePort", { name: "tap0", bridge: "br0" }),
        ];
        for (const plugged of [ovs, linux]) {
            assert.deepEqual(chain(9000, plugged), []);
            assert.deepEqual(chain(1500, plugged), [
                "its MTU is 9000, and the uplink eth0 of its bridge br0 carries 1500",
            ]);
        }
    });

    it("leave the MAC table open where its size is not known yet, or whether its guests may send from any address", () => {
        const judged = (bridge: object, security: object) =>
            (stackRules.find(({ id }) => id === "sec-mac-table") ?? assert.fail())
                .judgeStack([
                    made("ovs:Bridge", { name: "br0", ...bridge }),
                    made("ovs:Port", { name: "tap0", bridge: "br0", tag: 1 }),
                    made("ovs:Port", { name: "tap1", bridge: "br0", tag: 1, ...security }),
                ])
                .map(({ kind }) => kind);
        const open = new NotKnown("it is not known yet");
        assert.deepEqual(judged({}, {}), ["violation"]);
        assert.deepEqual(judged({ macTableSize: open }, {}), ["undecided"]);
        assert.deepEqual(judged({}, { portSecurity: open }), ["undecided"]);
        assert.deepEqual(judged({ macTableSize: 256 }, { portSecurity: open }), []);
    });

    it("do not decide over what is not known yet", async () => {
        const port = { name: "tap0", bridge: "br0", type: "system", tag: NOT_KNOWN_YET };
        const told = await runPolicy(packOf([], stackRules), [{ type: "kvmnet:ovs:Port", name: "p", props: port }]);
        assert.ok(
            told.some(({ policy, message }) => policy === "trunk-unbounded" && message.startsWith("Could not decide")),
        );
        assert.ok(told.every(({ level }) => level === "advisory"));
        assert.ok(told.some(({ policy }) => policy === "undecided"));
    });
});

describe("of several values of which one is not known yet", () => {
    const open = new NotKnown("it is not known yet");
    const kinds = (...asked: Parameters<typeof said>) => said(...asked).map(({ kind }) => kind);
    const tags = (...ids: unknown[]) => ({ ...virtio, vlan: { tags: ids.map((id) => ({ id })) } });

    it("a rule tells the one that is wrong, and else that it cannot decide", () => {
        assert.match(JSON.stringify(said("vlan-range", tags(open, 4095))), /VLAN id number 2/);
        assert.deepEqual(kinds("vlan-range", tags(100, open)), ["undecided"]);
        const pinned = (cpuSet: string) => ({
            cpuTune: {
                vcpuPins: [{ cpuSet: open }, { cpuSet }],
                emulatorPin: { cpuSet: "3" },
            },
        });
        assert.match(JSON.stringify(said("pin-emulator", virtio, pinned("3"))), /shares CPU 3/);
        assert.deepEqual(kinds("pin-emulator", virtio, pinned("2")), ["undecided"]);
        const shown = (listen: string) => ({
            devices: { graphics: [{ vnc: { listen: open } }, { vnc: { listen } }] },
        });
        assert.match(JSON.stringify(said("sec-unfiltered-vnc", virtio, shown("0.0.0.0"))), /listens on 0\.0\.0\.0/);
        assert.deepEqual(kinds("sec-unfiltered-vnc", virtio, shown("127.0.0.1")), ["undecided"]);
    });
});
