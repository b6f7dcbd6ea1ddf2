/**
 * Flows and groups as the switch will print them, and what is wrong with those that it would not take. Nothing is sent
 * to a switch: `ovs-ofctl` encodes them as a bridge's own OpenFlow and prints what it then reads.
 */
import { InputRefused, quoted } from "./errors";
import { groupText, namesPort, parseFlowMods, parseGroups, type Flow, type Group } from "./flow-text";
import { refused } from "./ofctl-refusal";
import { valuesOf } from "./ovsdb/columns";
import type { Replica } from "./ovsdb/replica";
import type { Place } from "./place";
import type { Ran } from "./run";

/** Meters came with 1.3. A bridge without `protocols` speaks all of them (ovs-vswitchd.conf.db(5)). */
export const VERSIONS = ["OpenFlow15", "OpenFlow14", "OpenFlow13"] as const;
type Version = (typeof VERSIONS)[number];

export class FlowSpelling {
    /** @param view the switch database as it is */
    constructor(
        private readonly place: Place,
        private readonly view: () => Promise<Replica>,
    ) {}

    /**
     * Flows in the switch's own spelling, in their order; undefined for one that is no flow here.
     *
     * @param flows without names of ports
     */
    async spelled(bridge: string, flows: string[]): Promise<(Flow | undefined)[]> {
        if (flows.length === 0) return [];
        const { code, stdout, stderr } = await this.parse(await this.versionOf(bridge), flows);
        if (code === 0) return parseFlowMods(stdout);
        if (flows.length === 1) return [undefined];
        const stranger = strangerIn(stderr);
        const isGood = (flow: string) => stranger === undefined || !namesPort(flow, stranger);
        if (!flows.every(isGood)) {
            const spelled = (await this.spelled(bridge, flows.filter(isGood))).values();
            return flows.map((flow) => (isGood(flow) ? spelled.next().value : undefined));
        }
        const half = flows.length >> 1;
        return [
            ...(await this.spelled(bridge, flows.slice(0, half))),
            ...(await this.spelled(bridge, flows.slice(half))),
        ];
    }

    /** The same where each has to be one. @throws HostError invalid for the first that is none, or would not be there as it says */
    async judged(subject: string, bridge: string, flows: string[]): Promise<Flow[]> {
        if (flows.length === 0) return [];
        const version = await this.versionOf(bridge);
        const ran = await this.parse(version, flows);
        const found = complaint(ran) ?? flows.map((flow) => lostFrom(version, flow)).find(Boolean);
        if (!found) return parseFlowMods(ran.stdout).filter((flow) => flow !== undefined);
        if (flows.length > 1) {
            // Not every complaint names its line.
            const half = flows.length >> 1;
            await this.judged(subject, bridge, flows.slice(0, half));
            await this.judged(subject, bridge, flows.slice(half));
            throw refused(subject, ran.stderr);
        }
        const [fact, next] = found;
        throw notTaken(subject, "flow", flows[0], fact, next);
    }

    /** A group as `spelled` does flows. */
    async spelledGroup(bridge: string, group: string): Promise<Group | undefined> {
        const { code, stdout } = await this.parseGroup(await this.versionOf(bridge), group);
        return code === 0 ? parseGroups(stdout)[0] : undefined;
    }

    /** A group as `judged` does flows. @throws HostError invalid */
    async judgedGroup(subject: string, bridge: string, group: string): Promise<Group> {
        const version = await this.versionOf(bridge);
        const ran = await this.parseGroup(version, group);
        const [spelled] = parseGroups(ran.stdout);
        const whole = version === "OpenFlow15" ? ran : await this.parseGroup("OpenFlow15", group);
        const isWhole = spelled && parseGroups(whole.stdout).map(groupText).join() === groupText(spelled);
        const found = complaint(ran);
        if (isWhole && !found) return spelled;
        const [fact, next] = found ?? lost(version, "selection_method, fields or bucket_id");
        throw notTaken(subject, "group", group, fact, next);
    }

    /** The newest OpenFlow that a bridge speaks with us. */
    private async versionOf(bridge: string): Promise<Version> {
        const protocols = valuesOf((await this.view()).byName("Bridge", bridge)?.protocols);
        return VERSIONS.find((version) => protocols.includes(version)) ?? VERSIONS[0];
    }

    /** Flow-mods, encoded and printed again: the same words as in a dump. */
    private parse(version: Version, flows: string[]) {
        return this.place.run(["ovs-ofctl", `--protocols=${version}`, "parse-flows", "-"], `${flows.join("\n")}\n`);
    }

    private parseGroup(version: Version, group: string) {
        return this.place.run(["ovs-ofctl", `--protocols=${version}`, "parse-group", group]);
    }
}

const notTaken = (subject: string, what: "flow" | "group", text: string | undefined, fact: string, next: string) =>
    new InputRefused(
        [`${what}s`],
        `one of its ${what}s, which are secret, would not be taken by the switch`,
        "invalid",
        subject,
        `the ${what} "${text}" ${fact}`,
        next,
    );

const LOSES = /normalization changed/;

/** What `parse-flows` prints where the switch would not take a flow: `***decode error: OFPBMC_BAD_PREREQ***`. */
const UNREAD = /\*\*\*decode error: (\w+)\*\*\*/;

/** What is wrong with flows, said as of one, and what to do. */
function complaint({ code, stdout, stderr }: Ran): [string, string] | undefined {
    if (LOSES.test(stderr))
        return [
            `would match more than it says: Open vSwitch drops a part of "${quoted(/pre: (.*)/.exec(stderr)?.[1] ?? "")}"`,
            "Name the protocol before its fields: ip before nw_src, tcp before tp_dst.",
        ];
    if (/no usable protocol/.test(stderr))
        return [
            "cannot be said in OpenFlow 1.3 or later: an action does not go with what is matched, or has no place there",
            "Match the protocol that its actions change, such as ip or tcp.",
        ];
    const unread = UNREAD.exec(stdout)?.[1];
    if (unread === "OFPBMC_BAD_PREREQ")
        return [
            `would not be taken by the switch (${unread}): a field that it matches needs another one first`,
            "Match that, too, such as ct_state=+trk+est for ct_nw_src; ovs-fields(7) has the prerequisites of all fields.",
        ];
    if (unread)
        return [
            `would not be taken by the switch (${unread})`,
            "Correct it; ovs-fields(7) has all fields and ovs-actions(7) all actions.",
        ];
    if (code === 0) return undefined;
    return [
        `is refused: ${quoted(stderr.replace(/^ovs-ofctl: (-:\d+: )?/, ""))}`,
        "Correct what it names; ovs-fields(7) has all fields and ovs-actions(7) all actions.",
    ];
}

/** What an older OpenFlow leaves out without a word. */
const lostFrom = (version: Version, flow: string) =>
    version === "OpenFlow13" && /(^|[\s,])importance=/.test(flow) ? lost(version, "importance") : undefined;

const lost = (version: Version, what: string): [string, string] => [
    `says ${what}, which ${version} does not carry, and the bridge's protocols have no newer one`,
    `Leave it out, or add ${what === "importance" ? "OpenFlow14" : "OpenFlow15"} to the bridge's protocols.`,
];

/** The name in a complaint of ovs-ofctl that there is no such port; a bare one might be an action to it. */
function strangerIn(stderr: string): string | undefined {
    const [, before, after] =
        /^ovs-ofctl: -:\d+: (?:"?([^\s":]+)"?: .*\bport\b|(?:unknown action|output to unknown truncate port:) (\S+))/m.exec(
            stderr,
        ) ?? [];
    return before ?? after;
}
