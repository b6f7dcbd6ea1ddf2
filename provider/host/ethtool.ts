/** What a NIC says by ethtool 6.1: JSON where the option has it (features), else its text, parsed. */
import { z } from "zod";
import type { Channels, Coalesce } from "../../schemas/link-tuning";
import { HostError, quoted } from "./errors";
import type { Place } from "./place";

/** Descriptors in use, and the most that the hardware takes; absent where the NIC has none of the kind. */
export interface Rings {
    rx?: number;
    tx?: number;
    rxMax?: number;
    txMax?: number;
}

/** Channels in use, and the most that the hardware takes; absent where the NIC has none of the kind. */
export interface ChannelsSeen {
    now: Channels;
    most: Channels;
}

export interface Feature {
    active: boolean;
    /** Whether it cannot be changed on this NIC. */
    fixed: boolean;
    /** What was last asked for, which another feature may keep from taking effect; a group of several has none. */
    requested?: boolean;
}

export interface Driver {
    driver?: string;
    version?: string;
    firmware?: string;
    busInfo?: string;
}

const CHANNELS: Readonly<Record<string, keyof Channels>> = {
    RX: "rx",
    TX: "tx",
    Other: "other",
    Combined: "combined",
};

/** Names of `ethtool -C`; `ethtool -c` prints some of them otherwise (`rx-frame-low`). */
const COALESCE: Readonly<Record<keyof Coalesce, string>> = {
    adaptiveRx: "adaptive-rx",
    adaptiveTx: "adaptive-tx",
    rxUsecs: "rx-usecs",
    rxFrames: "rx-frames",
    rxUsecsIrq: "rx-usecs-irq",
    rxFramesIrq: "rx-frames-irq",
    txUsecs: "tx-usecs",
    txFrames: "tx-frames",
    txUsecsIrq: "tx-usecs-irq",
    txFramesIrq: "tx-frames-irq",
    statsBlockUsecs: "stats-block-usecs",
    sampleInterval: "sample-interval",
    pktRateLow: "pkt-rate-low",
    rxUsecsLow: "rx-usecs-low",
    rxFramesLow: "rx-frames-low",
    txUsecsLow: "tx-usecs-low",
    txFramesLow: "tx-frames-low",
    pktRateHigh: "pkt-rate-high",
    rxUsecsHigh: "rx-usecs-high",
    rxFramesHigh: "rx-frames-high",
    txUsecsHigh: "tx-usecs-high",
    txFramesHigh: "tx-frames-high",
    cqeModeRx: "cqe-mode-rx",
    cqeModeTx: "cqe-mode-tx",
};
const COALESCE_KEYS = new Map(Object.entries(COALESCE).map(([key, word]) => [word, key]));

/** Blocks of several devices by name; the text of one device has one. A block begins `Ring parameters for eth0:`. */
function byDevice(text: string, title: string): Map<string, string> {
    const blocks = new Map<string, string>();
    let block: string | undefined;
    for (const line of text.split("\n")) {
        if (line.startsWith(`${title} for `) && line.endsWith(":")) {
            block = line.slice(`${title} for `.length, -1);
            blocks.set(block, "");
        } else if (block !== undefined) blocks.set(block, `${blocks.get(block) ?? ""}${line}\n`);
    }
    return blocks;
}

/** `Pre-set maximums:` and `Current hardware settings:`, each with its numbers by name; `n/a` is no number. */
function twoTables(block: string): { most: Map<string, number>; now: Map<string, number> } {
    const [most = "", now = ""] = block.split("Current hardware settings:");
    return { most: numbersOf(most), now: numbersOf(now) };
}

function numbersOf(text: string): Map<string, number> {
    const rows = text.matchAll(/^([A-Za-z ]+):[ \t]+(\d{1,10})[ \t]*$/gm);
    return new Map([...rows].map(([, name = "", value]) => [name, Number(value)]));
}

/** @param block what stands under `Ring parameters for` one device */
function parseRings(block: string): Rings {
    const { most, now } = twoTables(block);
    // Where the hardware takes none there is no ring: older drivers say 0 for it.
    const has = (name: string) => (most.get(name) ?? 0) > 0;
    return present({
        rx: has("RX") ? now.get("RX") : undefined,
        tx: has("TX") ? now.get("TX") : undefined,
        rxMax: has("RX") ? most.get("RX") : undefined,
        txMax: has("TX") ? most.get("TX") : undefined,
    });
}

/** @param block what stands under `Channel parameters for` one device */
function parseChannels(block: string): ChannelsSeen {
    const { most, now } = twoTables(block);
    const told = (table: Map<string, number>) =>
        present(
            Object.fromEntries(
                Object.entries(CHANNELS).map(([name, key]) => [
                    key,
                    (most.get(name) ?? 0) > 0 ? table.get(name) : undefined,
                ]),
            ),
        ) as Channels;
    return { now: told(now), most: told(most) };
}

/** @param block what stands under `Coalesce parameters for` one device; values that the NIC has none of are left out */
function parseCoalesce(block: string): Coalesce {
    const words = block
        .replace(/^Adaptive RX: (\S+)\s+TX: (\S+)/m, "adaptive-rx: $1\nadaptive-tx: $2")
        .replace(/^CQE mode RX: (\S+)\s+TX: (\S+)/m, "cqe-mode-rx: $1\ncqe-mode-tx: $2")
        .replace(/^([rt]x)-frame-(low|high):/gm, "$1-frames-$2:");
    const values = [...words.matchAll(/^([a-z-]+):[ \t]*(\d{1,10}|on|off)[ \t]*$/gm)].flatMap(
        ([, word = "", value = ""]) => {
            const key = COALESCE_KEYS.get(word);
            const isSwitch = key === "adaptiveRx" || key === "adaptiveTx" || key === "cqeModeRx" || key === "cqeModeTx";
            if (key === undefined || isSwitch === /^\d/.test(value)) return [];
            return [[key, isSwitch ? value === "on" : Number(value)]];
        },
    );
    return Object.fromEntries(values) as Coalesce;
}

const JsonFeature = z.object({
    active: z.boolean(),
    fixed: z.boolean().nullable(),
    requested: z.boolean().nullable(),
});
const JsonFeatures = z.array(z.record(z.string(), z.union([z.string(), JsonFeature])));

/** @param text what `ethtool --json -k` prints of one device @throws HostError bug on any other text */
function parseFeatures(text: string): Map<string, Feature> {
    try {
        const [features = {}] = JsonFeatures.parse(JSON.parse(text));
        return new Map(
            Object.entries(features).flatMap(([name, value]): [string, Feature][] => {
                if (typeof value === "string") return [];
                const { active, fixed, requested } = value;
                return [[name, { active, fixed: fixed === true, ...(requested === null ? {} : { requested }) }]];
            }),
        );
    } catch (error) {
        throw new HostError(
            "bug",
            "the features of a NIC",
            "`ethtool --json -k` printed what cannot be read",
            "Please report this with the version of ethtool.",
            error,
        );
    }
}

/** @param text what `ethtool -i` prints */
function parseDriver(text: string): Driver {
    const value = (name: string) => new RegExp(`^${name}:[ \\t]*(\\S.*)$`, "m").exec(text)?.[1]?.trim();
    return present({
        driver: value("driver"),
        version: value("version"),
        firmware: value("firmware-version"),
        busInfo: value("bus-info"),
    });
}

/** Words for `ethtool -L`. */
export const channelWords = (channels: Channels): string[] =>
    Object.entries(channels).flatMap(([key, value]) => [key, String(value)]);

/** Words for `ethtool -C`. */
export const coalesceWords = (coalesce: Coalesce): string[] =>
    Object.entries(coalesce).flatMap(([key, value]) => [
        COALESCE[key as keyof Coalesce],
        typeof value === "boolean" ? onOff(value) : String(value),
    ]);

/** Words for `ethtool -K`. */
export const featureWords = (features: Readonly<Record<string, boolean>>): string[] =>
    Object.entries(features).flatMap(([name, value]) => [name, onOff(value)]);

const onOff = (value: boolean) => (value ? "on" : "off");

/** Reads one NIC. What its driver does not have is undefined, or empty. */
export class Ethtool {
    constructor(
        private readonly place: Place,
        private readonly device: string,
    ) {}

    rings = () => this.block("-g", "Ring parameters").then((block) => (block === undefined ? {} : parseRings(block)));
    channels = () =>
        this.block("-l", "Channel parameters").then((block) =>
            block === undefined ? { now: {}, most: {} } : parseChannels(block),
        );
    coalesce = () =>
        this.block("-c", "Coalesce parameters").then((block) => (block === undefined ? {} : parseCoalesce(block)));
    features = () =>
        this.ask("--json", "-k").then((text) =>
            text === undefined ? new Map<string, Feature>() : parseFeatures(text),
        );
    driver = () => this.ask("-i").then((text) => parseDriver(text ?? ""));

    private async block(option: string, title: string): Promise<string | undefined> {
        return byDevice((await this.ask(option)) ?? "", title).get(this.device);
    }

    /** @returns undefined where the driver has no answer @throws HostError refused for any other failure */
    private async ask(...options: string[]): Promise<string | undefined> {
        const { code, stdout, stderr } = await this.place.run(["ethtool", ...options, this.device]);
        if (code === 0) return stdout;
        if (/not supported|no such device/i.test(stderr)) return undefined;
        throw new HostError(
            "refused",
            `\`ethtool ${options.join(" ")} ${this.device}\` on ${this.place.where}`,
            `it failed: ${quoted(stderr)}`,
            "Install ethtool 6.1 or newer there, and run as root.",
        );
    }
}

/**
 * Rings and channels of every NIC of a host by name, in two processes: ethtool reads all devices for `*` where the kernel
 * is 5.6 or newer.
 */
export async function readAllNics(
    place: Place,
): Promise<{ rings: Map<string, Rings>; channels: Map<string, ChannelsSeen> }> {
    const ask = async <Value>(option: string, title: string, parse: (block: string) => Value) => {
        const { stdout } = await place.run(["ethtool", option, "*"]);
        return new Map([...byDevice(stdout, title)].map(([device, block]) => [device, parse(block)]));
    };
    const [rings, channels] = await Promise.all([
        ask("-g", "Ring parameters", parseRings),
        ask("-l", "Channel parameters", parseChannels),
    ]);
    return { rings, channels };
}

const present = <Shape extends object>(shape: { [Key in keyof Shape]: Shape[Key] | undefined }): Shape =>
    Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined)) as Shape;
