import assert from "node:assert/strict";
import type { Resource } from "../../policies/inputs";
import { lint } from "../../policies/lint/run";
import { packOf } from "../../policies/pack";
import { profileOf } from "../../policies/profiles";
import { made, tunedDomain } from "../../policies/rules/examples";
import { bridge, guest, port, tap } from "../../policies/rules/stack-examples";
import { rules, stackRules } from "../../policies/table";
import { NOT_KNOWN_YET, runPolicy } from "../../policies/test-kit";

interface OnHost extends Resource {
    urn: string;
    provider?: string;
}

const urnOf = ({ type, name }: Resource) => `urn:pulumi:test::test::${type}::${name}`;

/** A provider; of kvmnet its `host` says where, of libvirt its `uri`. */
const provider = (of: "kvmnet" | "libvirt", name: string, props: object = {}): OnHost => {
    const resource = { type: `pulumi:providers:${of}`, name, props };
    return { ...resource, urn: urnOf(resource) };
};

/** Resources made by a provider, under names of their own. */
const by = ({ urn, name: of }: OnHost, ...resources: Resource[]): OnHost[] =>
    resources.map((resource) => {
        const named = { ...resource, name: `${of}-${resource.name}` };
        return { ...named, urn: urnOf(named), provider: urn };
    });

const asState = (resources: OnHost[]) =>
    JSON.stringify({
        version: 3,
        deployment: {
            resources: resources.map(({ urn, type, props, provider: made }) => ({
                ...{ urn, type, inputs: props },
                ...(made === undefined ? {} : { provider: `${made}::an-id` }),
            })),
        },
    });

const SETTINGS = { rules, stackRules, config: profileOf("latency"), profile: "latency", version: "1.2.3" };

/** The rules that have something to say of a stack's state. */
async function said(resources: OnHost[], oneHost = false): Promise<string[]> {
    const { report, unreadable } = await lint(
        [{ path: "s.json", content: Buffer.from(asState(resources)) }],
        SETTINGS,
        {
            oneHost,
        },
    );
    assert.deepEqual(unreadable, []);
    return [...new Set(report.findings.filter(({ kind }) => kind === "violation").map(({ rule }) => rule))].sort();
}

const [one, two] = [provider("kvmnet", "one", { host: "local" }), provider("kvmnet", "two", { host: "lab://far" })];
const [atOne, atTwo] = [
    provider("libvirt", "one", { uri: "qemu:///system" }),
    provider("libvirt", "two", { uri: "qemu:///system?socket=/run/kvmnet/labs/far/libvirt/libvirt-sock" }),
];

/** A host's bridge with its uplink, and an address of it. */
const network = (mtuRequest: number) => [
    bridge({ name: "br0", uplinks: ["eth0"], mtuRequest }),
    port({ name: "eth0", trunks: ["10"] }),
    made("host:Address", { name: "address", link: `br${mtuRequest}`, address: "10.0.0.1/24" }),
];

/** A guest of 9000 byte with two pinned CPUs, behind a tap of VLAN 10. */
const pinned = { cpuTune: { vcpuPins: [{ vcpu: 0, cpuSet: "2" }], emulatorPin: { cpuSet: "4" } } };
const jumbo = (dev: string, mac: string) => ({
    ...guest(dev, { mtu: { size: 9000 }, mac: { address: mac }, driver: { name: "vhost" } }),
    ...{ name: mac },
});
const plugged = (dev: string) => [tap({ name: dev, mtu: 9000 }), port({ name: dev, tag: 10 })];

describe("rules across resources, in a program for several hosts", () => {
    const hosts = (second: OnHost) => [
        ...[one, second],
        ...by(one, ...network(9000)),
        ...by(second, ...network(1500)).map((resource) => ({ ...resource, name: `${resource.name}-b` })),
    ];

    it("look at each host by itself: both have a br0 with eth0, and the same network", async () => {
        assert.deepEqual(await said(hosts(two)), []);
        // Two providers of one host are one host, on which all of that is wrong.
        const again = provider("kvmnet", "again", { host: "local" });
        assert.deepEqual(await said(hosts(again)), ["ip-overlap", "port-plugged-twice"]);
    });

    it("look at them as one where --one-host says so", async () =>
        assert.deepEqual(await said(hosts(two), true), ["ip-overlap", "port-plugged-twice"]));

    it("do so in the pack", async () => {
        const pack = packOf([], stackRules);
        assert.deepEqual(await runPolicy(pack, hosts(two)), []);
        const again = provider("kvmnet", "again", { host: "local" });
        assert.deepEqual(
            (await runPolicy(pack, hosts(again))).map(({ policy }) => policy),
            ["port-plugged-twice", "ip-overlap"],
        );
    });

    it("compare MAC addresses all the same: hosts share networks", async () => {
        const guests = [one, two].flatMap((on) => by(on, ...plugged("tap0")));
        const mac = "52:54:00:00:00:01";
        assert.deepEqual(
            await said([
                ...[one, two, atOne, atTwo, ...guests],
                ...[atOne, atTwo].flatMap((on) => by(on, jumbo("tap0", mac))),
            ]),
            ["nic-mac-duplicate"],
        );
    });

    it("compare the CPUs of guests on one host alone", async () => {
        const guests = (second: OnHost) => [
            ...[atOne, second],
            ...by(atOne, tunedDomain({ driver: { name: "vhost" }, mac: { address: "52:54:00:00:00:01" } }, pinned)),
            ...by(second, {
                ...tunedDomain({ driver: { name: "vhost" }, mac: { address: "52:54:00:00:00:02" } }, pinned),
                name: "db",
            }),
        ];
        assert.deepEqual(await said(guests(provider("libvirt", "two", { uri: "qemu+ssh://two/system" }))), []);
        assert.deepEqual(await said(guests(provider("libvirt", "again", { uri: "qemu:///system" }))), ["smt-siblings"]);
    });
});

it("a preview that lists each step of a replacement has the resource once", async () => {
    const [made] = by(one, port({ name: "eth0", trunks: ["10"] }));
    assert.ok(made);
    const state = { urn: made.urn, type: made.type, inputs: made.props };
    const steps = ["create-replacement", "replace", "delete-replaced"].map((op) => ({ op, newState: state }));
    const content = Buffer.from(JSON.stringify({ steps }));
    const { report } = await lint([{ path: "p.json", content }], SETTINGS);
    assert.equal(report.resources, 1);
});

describe("a guest, in a program for several hosts", () => {
    /** A host whose bridge carries 9000 byte and one whose bridge carries 1500; each has the tap, unless named otherwise. */
    const switches = (near: string, far: string) => [
        ...[one, two],
        ...by(one, ...network(9000), ...plugged(near)),
        ...by(two, ...network(1500), ...plugged(far)),
    ];
    const at = (libvirt: OnHost, dev = "tap0") => [libvirt, ...by(libvirt, jumbo(dev, "52:54:00:00:00:01"))];

    it("is on the host whose libvirt its provider asks", async () => {
        assert.deepEqual(await said([...switches("tap0", "tap0"), ...at(atOne)]), []);
        assert.deepEqual(await said([...switches("tap0", "tap0"), ...at(atTwo)]), ["mtu-chain"]);
    });

    it("is, where that is not known, on the one host that has its tap", async () => {
        const open = provider("libvirt", "open", { uri: NOT_KNOWN_YET });
        assert.deepEqual(await said([...switches("tap0", "tap1"), ...at(open, "tap0")]), []);
        assert.deepEqual(await said([...switches("tap0", "tap1"), ...at(open, "tap1")]), ["mtu-chain"]);
    });

    it("is, where several have such a tap, on the host whose provider has the name of its own", async () => {
        const named = (name: string) => provider("libvirt", name, {});
        assert.deepEqual(await said([...switches("tap0", "tap0"), ...at(named("one"))]), []);
        assert.deepEqual(await said([...switches("tap0", "tap0"), ...at(named("two"))]), ["mtu-chain"]);
    });

    it("is held against no switch where nothing tells its host", async () =>
        assert.deepEqual(await said([...switches("tap0", "tap0"), ...at(provider("libvirt", "other"))]), []));

    it("is on the only host of the switches where its provider is the only one of guests", async () => {
        const only = [...[two], ...by(two, ...network(1500), ...plugged("tap0"))];
        assert.deepEqual(await said([...only, ...at(provider("libvirt", "other"))]), ["mtu-chain"]);
    });
});
