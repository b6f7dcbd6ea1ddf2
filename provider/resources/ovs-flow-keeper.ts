/** Keeps a bridge's flows over a restart of ovs-vswitchd: a file that each change writes, and a program that puts them back. */
import { setTimeout } from "node:timers/promises";
import { OvsFlowKeeper, OvsFlowKeeperOutputs } from "../../schemas/ovs-flow-keeper";
import { IfName } from "../../schemas/units";
import type { Host } from "../host";
import { HostError } from "../host/errors";
import { keeperFolder, keeperOf, KEEPER_KEY, snapshotFile } from "../host/flow-snapshot";
import { keyOf } from "../host/ovsdb/columns";
import { ofRow, putKeys, set, type Operation, type Uuid } from "../host/ovsdb/operations";
import type { Seen } from "../host/ovsdb/replica";
import { ovsdb, type Plan } from "../plan";
import type { Found, HostResource } from "../resource";
import { KEEPER_SCRIPT } from "./flow-keeper-script";
import {
    forgetUnit,
    hasSystemd,
    NOT_WITH_HOST,
    program,
    startsWithHost,
    startUnit,
    stopUnit,
    unitTextOf,
} from "./host-service";
import { shared } from "./table-zero";
import { isSecure } from "./takes-flows";

interface KeeperHere extends Found<OvsFlowKeeper> {
    row: Seen;
    pid: string | undefined;
    systemd: boolean;
    /** What its unit's file says, where it has one. */
    unit: string | undefined;
}

export const ovsFlowKeeper: HostResource<OvsFlowKeeper, KeeperHere> = {
    type: "kvmnet:ovs:FlowKeeper",
    title: "OVS flow keeper",
    description:
        "Keeps the flows of one Open vSwitch bridge over a restart of ovs-vswitchd, which forgets them: limits and security of " +
        "ports, and what `Flows` declare, with their groups and meters. Each change of them is written to a file on the host, " +
        "and a small program (a shell script and ovs-ofctl) puts them back as soon as the switch is there again, without any " +
        "`pulumi up`. On a host with systemd it is the unit kvmnet-flows-BRIDGE.service, which starts with the host; elsewhere " +
        "it is a process. On a bridge of failMode secure nothing passes meanwhile.",
    schema: OvsFlowKeeper,
    cost: { bridge: "replace" },
    outputs: OvsFlowKeeperOutputs,
    idOf: ({ bridge }) => bridge,
    idForm: "BRIDGE",
    checkId: (id) => (IfName.safeParse(id).success ? undefined : "write the name of the bridge, such as br0"),
    claims: ({ bridge }) => [`the keeping of flows on ${bridge}`],

    async find(host, bridge) {
        const row = (await host.switch()).byName("Bridge", bridge);
        const mark = keyOf(row?.external_ids, KEEPER_KEY);
        if (!row || mark === undefined) return undefined;
        const systemd = await hasSystemd(host);
        const pid = await pidOf(host, bridge);
        const { stdout: script } = await host.place.run(["cat", "--", scriptFile(bridge)]);
        const isLasting = !systemd || (await startsWithHost(host, unitOf(bridge)));
        const faultOfRunning = async () => {
            if (script !== KEEPER_SCRIPT) return OTHER_RELEASE;
            return isLasting ? missing(host, bridge) : NOT_WITH_HOST;
        };
        const fault = pid ? await faultOfRunning() : NOT_RUNNING;
        return {
            row,
            pid,
            systemd,
            unit: systemd ? await unitTextOf(host, unitOf(bridge)) : undefined,
            state: { bridge },
            mark,
            objectId: row._uuid[1],
            outputs: { file: snapshotFile(bridge), ...(systemd ? { unit: unitOf(bridge) } : {}) },
            ...(fault === undefined ? {} : { fault }),
        };
    },

    async create(host, want, mark) {
        const row = (await host.switch()).byName("Bridge", want.bridge);
        if (!row)
            throw new HostError(
                "missing",
                `OVS flow keeper ${want.bridge}`,
                `there is no OVS bridge ${want.bridge} on ${host.where}`,
                "Declare it as kvmnet:ovs:Bridge and pass its name on, or correct the name.",
            );
        const systemd = await hasSystemd(host);
        const unit = systemd ? await unitTextOf(host, unitOf(want.bridge)) : undefined;
        const { noted, written, started } = await keeping(host, { row, systemd, unit, mark: undefined }, want, mark);
        return [...noted, ...written, ...started];
    },

    /** Where the switch was restarted while nothing ran, the file is put back before it is written anew. */
    async update(host, found, want, mark) {
        const { noted, started, written } = await keeping(host, found, want, mark);
        return [...stopped(found), ...noted, ...started, ...written];
    },

    /** A program that was just started notes its number a moment later. */
    async settle(host, { bridge }) {
        for (const until = performance.now() + PATIENCE_MS; performance.now() < until; await setTimeout(POLL_MS))
            if (await pidOf(host, bridge)) return;
    },

    delete: (_host, found) => {
        const { bridge } = found.state;
        return [
            ...stopped(found),
            ...(found.systemd ? forgetUnit(unitOf(bridge)) : []),
            program(`removes the kept flows of ${bridge}`, ["rm", "-rf", "--", keeperFolder(bridge)]),
            ovsdb(`forgets that the flows of ${bridge} are kept`, [withoutKey(found.row._uuid)]),
        ];
    },
};

const NOT_RUNNING = "the program that puts the flows back does not run";
const NOT_THERE = "the flows that it keeps are not in the switch";
const OTHERS = "the flows that it keeps are not those that are in the switch";
const OTHER_RELEASE = "the program that puts the flows back is of another release";

/** What a switch has that does not answer, nobody can tell, and who asks for its flows is told so. */
const missing = async (host: Host, bridge: string): Promise<string | undefined> => {
    const { kept } = host.openflow;
    if (!(await kept.isPutBack(bridge).catch(() => true))) return NOT_THERE;
    return (await kept.isUpToDate(bridge).catch(() => true)) ? undefined : OTHERS;
};

/** Longest wait for the start, and how often it is looked at meanwhile [ms]. */
const [PATIENCE_MS, POLL_MS] = [5_000, 20];

const pidOf = (host: Host, bridge: string) => keeperOf(host.place, bridge);

const scriptFile = (bridge: string) => `${keeperFolder(bridge)}/keep`;
const unitOf = (bridge: string) => `kvmnet-flows-${bridge}.service`;
const command = (bridge: string) => ["/bin/sh", scriptFile(bridge), keeperFolder(bridge), bridge];
/** Where nobody keeps a system log, what it has to say goes beside its file. */
const detached = (bridge: string) => ["setsid", "--fork", ...command(bridge), `${keeperFolder(bridge)}/log`];

interface Keeping {
    /** The note comes first: from then on each change of flows writes the file, and so does this one. */
    noted: Plan;
    started: Plan;
    written: Plan;
}

/** What was there before: where a step is refused it is there again. */
type Before = Pick<KeeperHere, "row" | "systemd" | "unit" | "mark">;

async function keeping(
    host: Host,
    { row, systemd, unit, mark: former }: Before,
    { bridge }: OvsFlowKeeper,
    mark: string,
): Promise<Keeping> {
    const folder = keeperFolder(bridge);
    const secure = isSecure(await host.switch(), bridge);
    const note = (text: string) => putKeys("Bridge", row._uuid, "external_ids", { [KEEPER_KEY]: text });
    return {
        noted: [
            program(`makes ${folder}`, ["install", "-d", "-m", "700", folder]),
            program(
                `writes ${scriptFile(bridge)}`,
                ["install", "-m", "600", "/dev/stdin", scriptFile(bridge)],
                undefined,
                KEEPER_SCRIPT,
            ),
            ovsdb(
                `notes that the flows of ${bridge} are kept`,
                [note(mark)],
                [former === undefined ? withoutKey(row._uuid) : note(former)],
            ),
        ],
        started: systemd
            ? startUnit(unitOf(bridge), unitText(bridge), unit)
            : [program(`keeps the flows of ${bridge}`, detached(bridge))],
        written: [
            { what: `writes the flows of ${bridge}`, action: { via: "openflow", bridge, bundle: [shared(secure)] } },
        ],
    };
}

/** Without systemd it leads a session of its own: what it waits for ends with it. */
function stopped({ systemd, unit, pid, state: { bridge } }: KeeperHere): Plan {
    if (systemd) return stopUnit(unitOf(bridge), { text: unit, isRunning: pid !== undefined });
    return pid === undefined
        ? []
        : [program(`keeps the flows of ${bridge} no longer`, ["kill", "-TERM", "--", `-${pid}`], detached(bridge))];
}

const withoutKey = (row: Uuid): Operation => ({
    op: "mutate",
    table: "Bridge",
    where: ofRow(row),
    mutations: [["external_ids", "delete", set(KEEPER_KEY)]],
});

const unitText = (bridge: string): string => `[Unit]
Description=Flows of the bridge ${bridge}, put back after a restart of ovs-vswitchd, declared with kvmnet
Documentation=man:ovs-ofctl(8)
After=openvswitch-switch.service ovs-vswitchd.service

[Service]
ExecStart=${command(bridge).join(" ")}
Restart=always
RestartSec=1
ProtectSystem=full
ProtectHome=yes
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
`;
