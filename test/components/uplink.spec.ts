import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { LinuxBridge, ManagementNetwork, MtuDomain, Uplink, VlanTap } from "../../components";
import type { MtuHop } from "../../components/mtu-domain";
import { lint } from "../../policies/lint/run";
import { packOf } from "../../policies/pack";
import { profileOf } from "../../policies/profiles";
import { rules, stackRules } from "../../policies/table";
import { runPolicy } from "../../policies/test-kit";
import { registeredBy } from "../support/engine-mocks";

const refused = (message: RegExp) => (error: unknown) =>
    pulumi.RunError.isInstance(error) && message.test(error.message);

describe("Uplink", () => {
    type Args = ConstructorParameters<typeof Uplink>[1];
    const made = (args: Args) => registeredBy(() => new Uplink("wan", args));

    it("of one link tunes it and keeps its name", async () => {
        const run = await made({ links: ["eno1"], mtu: 9000, rxRing: 4096 });
        assert.deepEqual(run.types(), { wan: "kvmnet:index:Uplink", "wan-link-eno1": "kvmnet:host:Link" });
        assert.deepEqual(run.named("wan-link-eno1").inputs, { name: "eno1", mtu: 9000, rxRing: 4096 });
        assert.equal(run.named("wan").outputs.linkName, "eno1");
    });

    it("of one link that is left as it is makes nothing", async () => {
        const run = await made({ links: ["eno1"] });
        assert.deepEqual(run.types(), { wan: "kvmnet:index:Uplink" });
        assert.equal(run.named("wan").outputs.linkName, "eno1");
    });

    it("of several is a bond, which has the MTU; rings and channels are the links'", async () => {
        const run = await made({
            links: ["eno1", "eno2"],
            bond: { mode: "802.3ad", lacpRate: "fast" },
            mtu: 9000,
            channels: { combined: 4 },
        });
        assert.deepEqual(run.types(), {
            wan: "kvmnet:index:Uplink",
            "wan-link-eno1": "kvmnet:host:Link",
            "wan-link-eno2": "kvmnet:host:Link",
            "wan-bond": "kvmnet:host:Bond",
        });
        assert.deepEqual(run.named("wan-link-eno2").inputs, { name: "eno2", channels: { combined: 4 } });
        const { name, members, mtu, mode, lacpRate } = run.named("wan-bond").inputs;
        assert.deepEqual([name, members, mtu, mode, lacpRate], ["wan", ["eno1", "eno2"], 9000, "802.3ad", "fast"]);
        assert.equal(run.named("wan").outputs.linkName, "wan");
    });

    it("hands on to its bond that the operator's path may be taken, only when it is told so", async () => {
        for (const told of [undefined, true]) {
            const links = ["eno1", "eno2"];
            const run = await made({ links, bond: { mode: "active-backup" }, takesOperatorPath: told });
            assert.equal(run.named("wan-bond").inputs.takesOperatorPath, told);
        }
    });

    it("hands it on to its only link where that gets an MTU", async () => {
        const run = await made({ links: ["eno1"], mtu: 1200, takesOperatorPath: true });
        assert.equal(run.named("wan-link-eno1").inputs.takesOperatorPath, true);
    });

    const facts = {
        eno1: {
            rings: { rxMax: 4096 },
            channels: { now: { combined: 4 }, most: { combined: 8 } },
            features: { "large-receive-offload": { active: false, fixed: true } },
        },
    };
    for (const [what, args, says] of [
        ["several links that are not said to be a bond", { links: ["a", "b"] }, /bond: several links are a bond/],
        ["a bond of one link", { links: ["a"], bond: { mode: "active-backup" } }, /bond: one link is no bond/],
        [
            "an option that its mode does not know",
            { links: ["a", "b"], bond: { mode: "active-backup", lacpRate: "fast" } },
            /bond\.lacpRate: lacpRate works with mode 802\.3ad, not with active-backup/,
        ],
        [
            "a primary that is none of its links",
            { links: ["a", "b"], bond: { mode: "active-backup", primary: "c" } },
            /bond\.primary: the primary is one of links/,
        ],
        [
            "a bond that notices no link that fails",
            { links: ["a", "b"], bond: { mode: "active-backup", miimon: 0 } },
            /bond\.miimon: a miimon of 0 notices no link/,
        ],
        [
            "a bond of the name of its link",
            { links: ["a", "wan"], bond: { mode: "active-backup" } },
            /links: a bond cannot be its own member/,
        ],
        [
            "settings that say nothing",
            { links: ["a"], channels: {}, coalesce: {}, features: {} },
            /channels: channels says nothing[^]*coalesce: [^]*features: features says nothing/,
        ],
        [
            "a ring that the hardware does not take",
            { links: ["eno1"], rxRing: 8192, facts },
            /rxRing: eno1 takes at most 4096/,
        ],
        [
            "a ring that the hardware does not have",
            { links: ["eno1"], txRing: 512, facts },
            /txRing: eno1 has no such ring/,
        ],
        [
            "more channels than the hardware has",
            { links: ["eno1"], channels: { combined: 9 }, facts },
            /channels\.combined: eno1 has at most 8/,
        ],
        [
            "an offload that the driver cannot change",
            { links: ["eno1"], features: { "large-receive-offload": true }, facts },
            /large-receive-offload.*: eno1 has it off/,
        ],
        [
            "an offload that there is not",
            { links: ["eno1"], features: { warp: true }, facts },
            /warp: eno1 has no such feature/,
        ],
    ] as [string, Args, RegExp][])
        it(`refuses ${what}`, () => assert.rejects(made(args), refused(says)));

    it("is refused with half of what a slot is", () =>
        assert.rejects(
            made({ links: ["eno1"], pcieGeneration: 3 }),
            refused(/pcieLanes: pcieGeneration and pcieLanes tell together what a slot carries/),
        ));

    it("takes what the hardware says it can", () =>
        made({
            links: ["eno1"],
            rxRing: 4096,
            channels: { combined: 8 },
            features: { "large-receive-offload": false },
            facts,
        }));
});

describe("what rules are told of an Uplink", () => {
    const nic = (port: number) => ({
        speed: 25_000,
        busAddress: `0000:3b:00.${port}`,
        rings: { rx: 256, tx: 256, rxMax: 4096, txMax: 4096 },
        pcie: { generation: 3, lanes: 4, maxGeneration: 4, maxLanes: 8, capacity: 32 },
    });
    const facts = { ens1f0: nic(0), ens1f1: nic(1) };
    const bonded = (mode: "802.3ad" | "active-backup") => ({ links: ["ens1f0", "ens1f1"], bond: { mode }, facts });
    const told = (args: ConstructorParameters<typeof Uplink>[1]) => registeredBy(() => new Uplink("wan", args));

    it("is what it is made of, and of the hardware what tuning does not change", async () => {
        const run = await told({ ...bonded("802.3ad"), mtu: 9000, rxRing: 4096 });
        const of = (port: number) => ({
            speed: 25_000,
            busAddress: `0000:3b:00.${port}`,
            rings: { rxMax: 4096, txMax: 4096 },
            pcie: { generation: 3, lanes: 4 },
        });
        const { linkName, ...outputs } = run.named("wan").outputs;
        assert.equal(linkName, "wan");
        assert.deepEqual(outputs, {
            name: "wan",
            links: ["ens1f0", "ens1f1"],
            bond: { mode: "802.3ad" },
            mtu: 9000,
            rxRing: 4096,
            nics: { ens1f0: of(0), ens1f1: of(1) },
        });
    });

    it("is the same whether a policy sees its inputs or its outputs", async () => {
        const { inputs, outputs } = (await told({ ...bonded("802.3ad"), rate: "10Gbit" })).named("wan");
        const { linkName: _, ...judged } = outputs;
        assert.deepEqual(inputs, judged);
    });

    const declared = { links: ["eno1"], rate: "100Gbit", pcieGeneration: 3 };
    for (const [what, args, says] of [
        [
            "two ports that share a slot too small for both",
            bonded("802.3ad"),
            /x4 of ens1f0 and ens1f1 carries 28\.6 .*50 Gbit/,
        ],
        ["two ports of which one works at a time", bonded("active-backup"), undefined],
        ["a slot that was declared, too small", { ...declared, pcieLanes: 8 }, /x8 of eno1 carries 57\.2 .*100 Gbit/],
        ["a slot that was declared, large enough", { ...declared, pcieLanes: 16 }, undefined],
        [
            "the slot that getNic tells, though another was declared",
            { ...declared, pcieLanes: 16, facts: { eno1: nic(0) } },
            /x4 of eno1 carries 28\.6 .*100 Gbit/,
        ],
        ["a slot of which nothing is told", { links: ["eno1"], rate: "100Gbit" }, undefined],
        [
            "a generation that came after this release",
            { links: ["eno1"], facts: { eno1: { speed: 400_000, pcie: { ...nic(0).pcie, generation: 6 } } } },
            /Could not decide: .*PCIe 6/,
        ],
    ] as [string, ConstructorParameters<typeof Uplink>[1], RegExp | undefined][])
        it(`lets pcie-undersized judge ${what}, in the pack and in the linter`, async () => {
            const { type, name, urn, inputs, outputs } = (await told(args)).named("wan");
            const found = await runPolicy(packOf([], stackRules), [{ type, name, props: outputs }]);
            const ours = found.filter(({ policy }) => policy === "pcie-undersized").map(({ message }) => message);

            const state = { version: 3, deployment: { resources: [{ urn, type, inputs }] } };
            const { report, unreadable } = await lint(
                [{ path: "state.json", content: Buffer.from(JSON.stringify(state)) }],
                {
                    ...{ rules, stackRules, config: profileOf("default"), profile: "default", version: "0.0.0" },
                },
            );
            assert.deepEqual(unreadable, []);
            const linted = report.findings.filter(({ rule }) => rule === "pcie-undersized");
            assert.deepEqual([ours.length, linted.length], says ? [1, 1] : [0, 0], ours.join());
            if (!says) return;
            assert.match(ours[0] ?? "", says);
            assert.match(`${linted[0]?.kind === "undecided" ? "Could not decide: " : ""}${linted[0]?.message}`, says);
        });
});

describe("MtuDomain", () => {
    it("gives its MTU where every hop carries it", async () => {
        const run = await registeredBy(() => {
            const tap = new VlanTap("t", { switch: "br", vlan: 7, mtu: 9000 });
            new MtuDomain("jumbo", { mtu: 9000, hops: { uplink: 9216, tap, nic: pulumi.output(9000) } });
        });
        assert.equal(run.named("jumbo").outputs.mtu, 9000);
    });

    it("is refused with the shortest link named, before anything of it is registered", async () => {
        const run = await registeredBy(() =>
            assert.throws(
                () => new MtuDomain("jumbo", { mtu: 9000, hops: { uplink: 9000, core: 4000, tap: 1500 } }),
                refused(
                    /MtuDomain jumbo: the shortest link is tap with 1500 byte, 7500 less than the domain's 9000, and core \(4000\) is too short, too; raise its MTU to 9000/,
                ),
            ),
        );
        assert.deepEqual(run.registered, []);
    });

    const uplink = "eno1";
    for (const [what, hop, says] of [
        ["an output", () => pulumi.output(1500), /the shortest link is hop with 1500/],
        ["a promise", () => Promise.resolve(1500), /the shortest link is hop with 1500/],
        ["the promise of what has one", () => ({ mtu: Promise.resolve(1500) }), /the shortest link is hop with 1500/],
        [
            "what a transform gave a bridge",
            () => new LinuxBridge("b", { mtu: 9000, transform: { bridge: { mtu: 1400 } } }),
            /the shortest link is hop with 1400/,
        ],
        [
            "what a transform gave the link of an uplink",
            () => new Uplink("u", { links: ["eno1"], mtu: 9000, transform: { link: { mtu: 1400 } } }),
            /the shortest link is hop with 1400/,
        ],
        [
            "what a transform gave the bond of an uplink",
            () =>
                new Uplink("u", {
                    ...{ links: ["eno1", "eno2"], bond: { mode: "active-backup" }, mtu: 9000 },
                    transform: { bond: { mtu: 1400 } },
                }),
            /the shortest link is hop with 1400/,
        ],
        [
            "an uplink that has none",
            () => new Uplink("u", { links: ["eno1"] }),
            /hops\.hop: this hop has no MTU .*set mtu on it/,
        ],
        [
            "a bond that has none",
            () => new Uplink("u", { links: ["eno1", "eno2"], bond: { mode: "active-backup" } }),
            /hops\.hop: this hop has no MTU .*set mtu on it/,
        ],
        [
            "what a transform gave a tap",
            () => new VlanTap("t", { switch: "br", vlan: 7, mtu: 9000, transform: { tap: { mtu: 1400 } } }),
            /the shortest link is hop with 1400/,
        ],
        [
            "what a transform gave a management network",
            () =>
                new ManagementNetwork("m", {
                    ...{ uplink, addresses: ["10.0.0.11/24"], mtu: 9000 },
                    transform: { bridge: { mtu: 1400 } },
                }),
            /the shortest link is hop with 1400/,
        ],
    ] as [string, () => MtuHop, RegExp][])
        it(`is refused as soon as a hop's MTU is known: ${what}`, async () => {
            let mtu: pulumi.Output<number> | undefined;
            await registeredBy(() => {
                mtu = new MtuDomain("jumbo", { mtu: 9000, hops: { hop: hop() } }).mtu;
                mtu.apply(() => undefined);
            }).catch(() => undefined);
            await assert.rejects((mtu as unknown as { promise(): Promise<number> }).promise(), refused(says));
        });

    for (const [what, hops, says] of [
        ["what is no MTU", () => ({ "a b": 1 }), /hops\["a b"\]: an MTU is 68 to 65521[^]*hops\["a b"\]: a name has/],
        ["no hop", () => ({}), /hops: a way has at least one hop/],
    ] as [string, () => Record<string, MtuHop>, RegExp][])
        it(`is refused with ${what}`, () =>
            registeredBy(() => assert.throws(() => new MtuDomain("d", { mtu: 9000, hops: hops() }), refused(says))));
});
