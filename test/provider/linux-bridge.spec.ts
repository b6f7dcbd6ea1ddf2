import assert from "node:assert/strict";
import type { Host } from "../../provider/host";
import type { Link } from "../../provider/host/links";
import type { Action, JournalEntry, Plan, Step } from "../../provider/plan";
import { bridgePort } from "../../provider/resources/bridge-port";
import { tableOf, type VlanTable } from "../../provider/resources/bridge-vlans";
import { linuxBridge } from "../../provider/resources/linux-bridge";
import type { BridgePort } from "../../schemas/bridge-port";
import type { LinuxBridge } from "../../schemas/linux-bridge";
import { carriedOut, withDefault } from "../support/bridge-tables";

const MARK = "kvmnet:0123456789abcdef:shop/dev/Bridge/b";
const PORT_MARK = "kvmnet:0123456789abcdee:shop/dev/BridgePort/p";

/** A kernel with one bridge and its ports, as far as their VLANs go. */
class BridgeHost {
    readonly tables = new Map<string, VlanTable>();
    private readonly journal = new Map<string, JournalEntry>();
    private readonly data: Record<string, unknown>;

    constructor(
        private standard: number,
        filtering = true,
    ) {
        this.data = { vlan_filtering: filtering ? 1 : 0, stp_state: 0 };
        this.tables.set("br0", tableOf({}, standard));
    }

    get host(): Host {
        return {
            place: this,
            where: "the host",
            links: () => Promise.resolve(new Map(this.links().map((link) => [link.name, link]))),
            files: { read: () => Promise.resolve(["boot-1"]) },
            journal: { get: (key: string) => Promise.resolve(this.journal.get(key)) },
            read: (_argv: string[], parse: (text: string) => unknown) => Promise.resolve(parse(this.shown())),
        } as unknown as Host;
    }

    /** Plugs a port in by hand. */
    plug(name: string, table: VlanTable): void {
        this.tables.set(name, table);
    }

    /** Plugs a port in as a resource does. */
    async declare(want: BridgePort): Promise<void> {
        this.plug(want.name, tableOf({}, this.standard));
        const found = await bridgePort.find(this.host, want.name, { mark: PORT_MARK, known: want });
        assert.ok(found);
        this.carryOut(await bridgePort.update(this.host, found, want, PORT_MARK));
    }

    async change(was: Partial<LinuxBridge>, want: Partial<LinuxBridge>): Promise<Plan> {
        const said = { name: "br0", mtu: 1500, stp: false, takesOperatorPath: true };
        const found = await linuxBridge.find(this.host, "br0", { mark: MARK, known: { ...said, ...was } });
        assert.ok(found);
        return linuxBridge.update(this.host, found, { ...said, ...want }, MARK);
    }

    carryOut(plan: readonly Step[]): void {
        for (const { action } of plan) this.act(action);
    }

    takeBack(plan: readonly Step[]): void {
        for (const { undo = [] } of plan.toReversed()) for (const action of undo) this.act(action);
    }

    private act(action: Action): void {
        if (action.via === "journal" && action.entry) this.journal.set(action.key, action.entry);
        if (action.via === "bridge")
            for (const line of action.lines) {
                const port = line[3] ?? "";
                this.tables.set(port, carriedOut(this.tables.get(port) ?? new Map(), [line]));
            }
        if (action.via === "ip") for (const line of action.lines) this.set(line);
    }

    private set(line: readonly string[]): void {
        const next = line.indexOf("vlan_default_pvid");
        if (next < 0) return;
        const standard = Number(line[next + 1]);
        for (const [port, table] of this.tables) this.tables.set(port, withDefault(table, this.standard, standard));
        this.standard = standard;
    }

    private links(): Link[] {
        const ports = [...this.tables.keys()].filter((name) => name !== "br0");
        const usual = { mtu: 1500, flags: [], up: true, txQueueLength: 1000, slave: {} };
        return [
            {
                ...usual,
                name: "br0",
                index: 9,
                kind: "bridge",
                data: { ...this.data, vlan_default_pvid: this.standard },
            },
            ...ports.map((name, at) => ({ ...usual, name, index: 10 + at, kind: "veth", data: {}, master: "br0" })),
        ];
    }

    private shown(): string {
        return JSON.stringify(
            [...this.tables].map(([ifname, table]) => ({
                ifname,
                vlans: [...table].map(([vlan, { pvid, untagged }]) => ({
                    vlan,
                    flags: [...(pvid ? ["PVID"] : []), ...(untagged ? ["Egress Untagged"] : [])],
                })),
            })),
        );
    }
}

describe("another default VLAN of a Linux bridge", () => {
    const DEFAULTS = [0, 1, 7, 20];
    const FILTERS = { vlanFiltering: true };
    const declared: Record<string, Partial<BridgePort>> = {
        plain: {},
        access: { pvid: 20 },
        usual: { pvid: 1 },
        seven: { pvid: 7 },
        trunk: { tagged: ["1", "30"] },
        native: { pvid: 7, tagged: ["1", "20"] },
    };
    const made = async (standard: number, filtering = true): Promise<BridgeHost> => {
        const kernel = new BridgeHost(standard, filtering);
        for (const [name, vlans] of Object.entries(declared))
            await kernel.declare({ name, bridge: "br0", takesOperatorPath: true, ...vlans });
        kernel.plug("none", new Map());
        kernel.plug("given", tableOf({ pvid: 40 }, 0));
        return kernel;
    };
    /** What stands once the default is this: the ports of which nothing is declared follow it. */
    const standing = (former: number, standard: number) => ({
        br0: tableOf({}, standard),
        ...Object.fromEntries(Object.entries(declared).map(([name, vlans]) => [name, tableOf(vlans, standard)])),
        none: former === 0 ? tableOf({}, standard) : new Map(),
        given: tableOf({ pvid: 40 }, 0),
    });
    const said = (standard: number) => ({ ...FILTERS, defaultPvid: standard });

    for (const former of DEFAULTS)
        for (const next of DEFAULTS)
            it(`is for the ports of which no VLANs are declared, and so is its undo: ${former} to ${next}`, async () => {
                const kernel = await made(former);
                const plan = await kernel.change(said(former), said(next));
                kernel.carryOut(plan);
                assert.deepEqual(Object.fromEntries(kernel.tables), standing(former, next));
                kernel.takeBack(plan);
                assert.deepEqual(Object.fromEntries(kernel.tables), standing(former, former));
            });

    for (const next of DEFAULTS)
        it(`leaves the others as they are where the bridge begins and ends to filter: ${next}`, async () => {
            const kernel = await made(1, false);
            const plan = await kernel.change({}, said(next));
            kernel.carryOut(plan);
            assert.deepEqual(Object.fromEntries(kernel.tables), standing(1, next));
            kernel.takeBack(plan);
            assert.deepEqual(Object.fromEntries(kernel.tables), standing(1, 1));
        });

    it("takes no VLAN of a port away for a moment", async () => {
        const kernel = await made(0);
        const plan = await kernel.change(said(0), said(1));
        for (const step of plan) {
            kernel.carryOut([step]);
            assert.deepEqual(kernel.tables.get("access")?.get(20), { pvid: true, untagged: true }, step.what);
        }
    });

    it("that stays needs no step for its ports", async () => {
        const plan = await (await made(1)).change(said(1), { ...said(1), ageingTime: 20 });
        assert.deepEqual(
            plan.map(({ action }) => action.via),
            ["ip"],
        );
    });
});
