import assert from "node:assert/strict";
import type { Host } from "../../provider/host";
import { HostError } from "../../provider/host/errors";
import type { Link } from "../../provider/host/links";
import type { JournalEntry, Plan } from "../../provider/plan";
import { bond } from "../../provider/resources/bond";
import { letGo, takeIn, takenIn } from "../../provider/resources/bond-members";
import type { Bond } from "../../schemas/bond";

const MARK = "kvmnet:0123456789abcdef:shop/dev/Bond/b";

type Member = Pick<Link, "index" | "up"> & Partial<Link>;

const OTHERS: Partial<Link>[] = [
    { name: "br0", kind: "bridge", data: {} },
    { name: "br1", kind: "bridge", data: {} },
    { name: "bond0", kind: "bond" },
    { name: "bond1", kind: "bond" },
    { name: "vrf0", kind: "vrf" },
    { name: "ovs-system", kind: "openvswitch" },
];

/** A host in one of its lives: its boot, and the member as it is there. */
function hostOf(journal: Map<string, JournalEntry>, boot: string, member: Member, others = OTHERS): Host {
    const all = [{ name: "eth1", ...member }, ...others].map((link) => ({ data: {}, slave: {}, ...link }));
    const host = {
        place: {},
        where: "the host",
        links: () => Promise.resolve(new Map(all.map((link) => [link.name, link]))),
        files: { read: () => Promise.resolve([boot]) },
        journal: { get: (key: string) => Promise.resolve(journal.get(key)) },
        read: (_argv: string[], parse: (text: string) => unknown) =>
            Promise.resolve(parse(JSON.stringify([{ ifname: "eth1", vlans: [{ vlan: 100 }] }]))),
        switch: () => Promise.reject(new HostError("unreachable", "a fake", "its switch does not answer", "")),
    };
    return Object.assign(host, { at: () => host }) as unknown as Host;
}

/** The words for `ip` and `bridge`; what a plan notes is noted then. */
function done(plan: Plan, journal: Map<string, JournalEntry>): string[] {
    return plan.flatMap(({ action }) => {
        if (action.via === "journal" && action.entry) journal.set(action.key, action.entry);
        else if (action.via === "journal") journal.delete(action.key);
        return "lines" in action ? action.lines.map((words) => words.join(" ")) : [];
    });
}

describe("a member of a bond", () => {
    const journal = new Map<string, JournalEntry>();
    beforeEach(() => journal.clear());
    const takes = async (host: Host) => done(await takeIn(host, "bond0", ["eth1"], MARK), journal);
    const lets = async (host: Host) => done(await letGo(host, "bond0", ["eth1"]), journal);
    const [out, back] = ["link set dev eth1 nomaster", (bridge: string) => `link set dev eth1 master ${bridge}`];
    const up = "link set dev eth1 up";

    it("gets back what it had before the first of all changes, also where a run was killed in between", async () => {
        await takes(hostOf(journal, "boot-1", { index: 2, up: true, master: "br0" }));
        await takes(hostOf(journal, "boot-1", { index: 2, up: false }));
        const bonded = hostOf(journal, "boot-1", { index: 2, up: true, master: "bond0" });
        assert.deepEqual(await takenIn(bonded, ["eth1"], MARK), ["eth1"]);
        assert.deepEqual(await lets(bonded), [out, back("br0"), up]);
        assert.equal(journal.size, 0);
    });

    for (const [what, boot, index] of [
        ["a reboot", "boot-2", 2],
        ["it was made anew", "boot-1", 9],
    ] as const) {
        it(`gets back what it had when it was taken in last, not where it was before ${what}`, async () => {
            await takes(hostOf(journal, "boot-1", { index: 2, up: true, master: "br0" }));
            await takes(hostOf(journal, boot, { index, up: false, master: "br1" }));
            assert.deepEqual(await lets(hostOf(journal, boot, { index, up: true, master: "bond0" })), [
                out,
                back("br1"),
            ]);
        });

        it(`is not taken to where it was before ${what} by a bond that somebody else has put it into since`, async () => {
            await takes(hostOf(journal, "boot-1", { index: 2, up: true, master: "br0" }));
            const bonded = hostOf(journal, boot, { index, up: true, master: "bond0" });
            assert.deepEqual(await takenIn(bonded, ["eth1"], MARK), []);
            assert.deepEqual(await lets(bonded), [out]);
            assert.equal(journal.size, 0);
        });
    }

    describe("that was plugged into a bridge", () => {
        const filtering = { kind: "bridge", data: { vlan_filtering: 1, vlan_default_pvid: 1 } };
        const others = [
            { name: "br0", ...filtering },
            { name: "bond0", kind: "bond" },
        ];
        const port = {
            index: 2,
            up: true,
            master: "br0",
            slaveKind: "bridge",
            slave: { isolated: true, guard: true, cost: 77, learning: true },
        };

        it("comes back with its settings and VLANs, before it is set up", async () => {
            await takes(hostOf(journal, "boot-1", port, others));
            const bonded = hostOf(journal, "boot-1", { index: 2, up: true, master: "bond0" }, others);
            assert.deepEqual(await lets(bonded), [
                out,
                back("br0"),
                "link set dev eth1 type bridge_slave isolated on guard on cost 77",
                "vlan del dev eth1 vid 1",
                "vlan add dev eth1 vid 100",
                up,
            ]);
        });

        it("has them also where a run was killed that had put it back", async () => {
            await takes(hostOf(journal, "boot-1", port, others));
            const half = { index: 2, up: false, master: "br0", slaveKind: "bridge", slave: { learning: true } };
            await takes(hostOf(journal, "boot-1", half, others));
            assert.deepEqual(await lets(hostOf(journal, "boot-1", half, others)), [
                back("br0"),
                "link set dev eth1 type bridge_slave isolated on guard on cost 77",
                "vlan del dev eth1 vid 1",
                "vlan add dev eth1 vid 100",
                up,
            ]);
        });

        it("and that the bond does not get has them back, too", async () => {
            const plan = await takeIn(hostOf(journal, "boot-1", port, others), "bond0", ["eth1"], MARK);
            const undone = plan.flatMap(({ undo = [] }) => undo);
            assert.deepEqual(
                done(
                    undone.map((action) => ({ what: "", action })),
                    new Map(),
                ),
                [
                    out,
                    back("br0"),
                    "link set dev eth1 type bridge_slave isolated on guard on cost 77",
                    "vlan del dev eth1 vid 1",
                    "vlan add dev eth1 vid 100",
                    up,
                ],
            );
        });
    });

    it("is put back where somebody has put it since it was taken in first", async () => {
        await takes(hostOf(journal, "boot-1", { index: 2, up: true, master: "br0" }));
        await takes(hostOf(journal, "boot-1", { index: 2, up: true, master: "br1" }));
        assert.deepEqual(await lets(hostOf(journal, "boot-1", { index: 2, up: true, master: "bond0" })), [
            out,
            back("br1"),
            up,
        ]);
    });

    it("gets back what it has without a bond, where its former bond is gone", async () => {
        await takes(hostOf(journal, "boot-1", { index: 2, up: true, master: "br0" }));
        await takes(hostOf(journal, "boot-1", { index: 2, up: true }, [{ name: "br0", kind: "bridge", data: {} }]));
        assert.deepEqual(await lets(hostOf(journal, "boot-1", { index: 2, up: true, master: "bond0" })), [out, up]);
    });

    it("is refused while a link stands on it with which the kernel takes none in", () =>
        assert.rejects(
            takes(
                hostOf(journal, "boot-1", { index: 2, up: true }, [
                    ...OTHERS,
                    { name: "shim0", kind: "macvtap", parent: "eth1" },
                ]),
            ),
            /the macvtap shim0 stands on eth1/,
        ));

    it("has nothing noted any more when the bond is gone, but for what another bond has noted", async () => {
        const host = hostOf(journal, "boot-1", { index: 2, up: true });
        await takes(host);
        const known = { name: "bond0", mode: "802.3ad", members: ["eth1", "eth2"] } as const;
        const leftBehind = async (mark: string) =>
            done(
                (await bond.leftBehind?.(host, { mark, known: { ...known, members: [...known.members] } })) ?? [],
                journal,
            );
        await leftBehind(`${MARK}2`);
        assert.equal(journal.size, 1);
        await leftBehind(MARK);
        assert.equal(journal.size, 0);
    });

    for (const [master, kind] of [
        ["bond1", "bond"],
        ["ovs-system", "openvswitch"],
    ] as const)
        it(`is not taken out of ${master}, which does not lend it`, () =>
            assert.rejects(takes(hostOf(journal, "boot-1", { index: 2, up: true, master })), {
                kind: "conflict",
                fact: `its member eth1 is in the ${kind} ${master} already`,
            }));

    it("is taken out of a VRF, and given back to it", async () => {
        await takes(hostOf(journal, "boot-1", { index: 2, up: true, master: "vrf0" }));
        const bonded = hostOf(journal, "boot-1", { index: 2, up: true, master: "bond0" });
        assert.deepEqual(await lets(bonded), [out, back("vrf0"), up]);
    });

    describe("that another takes the place of", () => {
        const X = "52:54:00:00:00:0a";
        const known: Bond = { name: "bond0", mode: "active-backup", members: ["eth0"], miimon: 100, mac: X };
        const others = [
            { name: "eth0", index: 3, up: true, master: "bond0" },
            {
                ...{ name: "bond0", index: 9, kind: "bond", up: true, mac: X, mtu: 1500 },
                data: { mode: "active-backup", miimon: 100 },
            },
        ];
        const plan = async (change: Partial<Bond>, free: Member = { index: 2, up: false }) => {
            const host = hostOf(journal, "boot-1", free, others);
            const here = await bond.find(host, "bond0", { mark: MARK, known });
            assert.ok(here);
            return done(
                await bond.update(host, here, { ...known, takesOperatorPath: true, ...change }, MARK),
                journal,
            ).filter((line) => !line.includes("alias"));
        };
        const into = ["link set dev eth1 down", "link set dev eth1 master bond0"];
        const gone = "link set dev eth0 nomaster";
        const wasSet = "link set dev bond0 up";

        it("goes when that one has come, so that the bond is never without a member", async () =>
            assert.deepEqual(await plan({ members: ["eth1"] }), [wasSet, ...into, gone]));

        it("goes before a larger MTU, which it need not take", async () =>
            assert.deepEqual(await plan({ members: ["eth1"], mtu: 9000 }), [
                ...into,
                gone,
                "link set dev bond0 mtu 9000",
                wasSet,
            ]));

        it("has a smaller MTU before that one comes, which need not take the former", async () =>
            assert.deepEqual(await plan({ members: ["eth1"], mtu: 1300 }), [
                "link set dev bond0 mtu 1300",
                wasSet,
                ...into,
                gone,
            ]));

        it("leaves its bond the MAC address that is declared, also where none does", async () =>
            assert.deepEqual(await plan({ members: [] }), [wasSet, gone, `link set dev bond0 address ${X}`]));
    });
});
