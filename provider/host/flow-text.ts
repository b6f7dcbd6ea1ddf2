/** Flows, groups, meters and ports as `ovs-ofctl` prints and takes them (ovs-ofctl(8), ovs-actions(7)). */

/** One flow in the switch's own spelling. */
export interface Flow {
    /** Hexadecimal, without leading zeros: `0x0` where none was given. */
    cookie: string;
    table: number;
    priority: number;
    /** Empty matches every packet. */
    match: string;
    /** Timeouts, importance and flags, in alphabetical order: `idle_timeout=60`, `send_flow_rem`. */
    options: string[];
    actions: string;
}

/** What a flow that does not say it has (OFP_DEFAULT_PRIORITY). */
const DEFAULT_PRIORITY = 32768;

const FLAGS = new Set(["send_flow_rem", "check_overlap", "reset_counts", "no_packet_counts", "no_byte_counts"]);
const OPTIONS: Readonly<Record<string, string>> = {
    idle_timeout: "idle_timeout",
    idle: "idle_timeout",
    hard_timeout: "hard_timeout",
    hard: "hard_timeout",
    importance: "importance",
};
const COUNTERS = new Set(["duration", "n_packets", "n_bytes", "idle_age", "hard_age"]);

/** The flows that `ovs-ofctl --no-names dump-flows` prints, or `parse-flows` as flow-mods. */
export function parseFlows(text: string): Flow[] {
    return text
        .split("\n")
        .filter((line) => line.includes("actions="))
        .map(parseFlow);
}

/** The flow-mods that `ovs-ofctl parse-flows` prints, one for each flow; undefined for one that it could not read again. */
export const parseFlowMods = (text: string): (Flow | undefined)[] =>
    text
        .split(/^(?=OFPT_FLOW_MOD )/m)
        .filter((message) => message.startsWith("OFPT_FLOW_MOD "))
        .map((message) => parseFlows(message)[0]);

/** One flow of either print: `table=10, priority=5,ip actions=drop`, or `...: ADD table:10 priority=5,ip actions=drop`. */
export function parseFlow(line: string): Flow {
    const text = ` ${line.replace(/^.*?: ADD(?= )/, "").trim()}`;
    const at = text.search(/[ ,]actions=/);
    const flow: Flow = {
        cookie: "0x0",
        table: 0,
        priority: DEFAULT_PRIORITY,
        match: "",
        options: [],
        actions: text.slice(at + " actions=".length).trim(),
    };
    const match: string[] = [];
    for (const word of words(text.slice(0, at))) {
        const [key = "", value = ""] = split(word, /[:=]/);
        if (key === "cookie") flow.cookie = hex(value);
        else if (key === "table") flow.table = Number(value);
        else if (key === "priority") flow.priority = Number(value);
        else if (OPTIONS[key]) flow.options.push(`${OPTIONS[key]}=${value}`);
        else if (FLAGS.has(word)) flow.options.push(word);
        else if (!COUNTERS.has(key)) match.push(word);
    }
    return { ...flow, match: match.join(","), options: flow.options.sort() };
}

/** A flow as `ovs-ofctl` takes it, without its cookie: `table=10,priority=5,ip,actions=drop`. */
export const flowText = ({ table, priority, match, options, actions }: Flow): string =>
    [...head({ table, priority, match }), ...options, `actions=${actions}`].join(",");

/** Names one flow in a deletion: only one that carries this cookie is removed. */
export const strictly = (flow: Pick<Flow, "cookie" | "table" | "priority" | "match">, mask = "-1"): string =>
    [`cookie=${flow.cookie}/${mask}`, ...head(flow)].join(",");

const head = ({ table, priority, match }: Pick<Flow, "table" | "priority" | "match">) => [
    `table=${table}`,
    `priority=${priority}`,
    ...(match ? [match] : []),
];

/** Where in the tables a flow stands: a switch has one flow at each place. */
export const placeOfFlow = ({ table, priority, match }: Flow): string => `${table} ${priority} ${match}`;

/** A cookie as `ovs-ofctl` prints it. */
export const hex = (cookie: string): string => `0x${BigInt(cookie).toString(16)}`;

export interface Meter {
    id: number;
    /** `kbps` or `pktps`, `burst`, `stats`, in alphabetical order. */
    flags: string[];
    /** Rates and bursts in the meter's unit; without a burst 0. */
    bands: { type: string; rate: number; burst: number }[];
}

/** The meters of a dump, or of a text that `add-meter` takes. */
export function parseMeters(text: string): Meter[] {
    const meters: Meter[] = [];
    for (const word of text.replace(/^OFPST_.*$/gm, "").split(/[\s,]+/)) {
        const [key = "", value = ""] = split(word.replace(/^bands?=/, ""), /=/);
        const meter = meters.at(-1);
        const band = meter?.bands.at(-1);
        if (key === "meter") meters.push({ id: Number(value), flags: [], bands: [] });
        else if (key === "type") meter?.bands.push({ type: value, rate: 0, burst: 0 });
        else if (key === "rate" && band) band.rate = Number(value);
        else if (key === "burst_size" && band) band.burst = Number(value);
        else if (key && meter) meter.flags.push(key);
    }
    for (const meter of meters) meter.flags.sort();
    return meters;
}

export function meterText({ id, flags, bands }: Meter): string {
    const bandTexts = bands.map(
        ({ type, rate, burst }) => `type=${type},rate=${rate}${burst > 0 ? `,burst_size=${burst}` : ""}`,
    );
    return [`meter=${id}`, ...flags, `bands=${bandTexts.join(",")}`].join(",");
}

export interface Group {
    id: number;
    type: string;
    /** `selection_method=dp_hash` and the like, as they are written. */
    properties: string[];
    buckets: Bucket[];
}

interface Bucket {
    id: number;
    /** `weight:5`, `watch_port:1`, in alphabetical order. */
    attributes: string[];
    actions: string;
}

const BUCKET_KEYS = new Set(["weight", "watch_port", "watch_group", "bucket_id"]);

/** The groups of a dump, or the one that `ovs-ofctl parse-group` prints as a group-mod: ` ADD group_id=7,...`. */
export const parseGroups = (text: string): Group[] =>
    text
        .split("\n")
        .map((line) => line.replace(/^ ADD /, ""))
        .filter((line) => /^\s*group_id=/.test(line))
        .map(parseGroup);

/** One group, of a dump or as we write it. */
export function parseGroup(line: string): Group {
    const [first = "", ...buckets] = line.trim().split(/[\s,]*\bbucket=/);
    const group: Group = { id: 0, type: "", properties: [], buckets: buckets.map(parseBucket) };
    for (const word of words(first)) {
        const [key = "", value = ""] = split(word, /=/);
        if (key === "group_id") group.id = Number(value);
        else if (key === "type") group.type = value;
        else group.properties.push(fieldsInOrder(word));
    }
    return { ...group, properties: group.properties.sort() };
}

/** `fields(ip_src,eth_dst)` names a set; the switch prints it in an order of its own, and one alone with `=`. */
function fieldsInOrder(property: string): string {
    const fields = /^fields\((.*)\)$/.exec(property)?.[1]?.split(/[\s,]+/);
    if (!fields) return property;
    return fields.length === 1 ? `fields=${fields[0]}` : `fields(${fields.sort().join(",")})`;
}

function parseBucket(text: string, index: number): Bucket {
    const bucket: Bucket = { id: index, attributes: [], actions: "" };
    const actions: string[] = [];
    for (const word of words(text)) {
        const [key = "", value = ""] = split(word, /[:=]/);
        if (key === "bucket_id") bucket.id = Number(value);
        else if (BUCKET_KEYS.has(key)) bucket.attributes.push(`${key}:${value}`);
        else actions.push(word.replace(/^actions=/, ""));
    }
    return { ...bucket, attributes: bucket.attributes.sort(), actions: actions.filter(Boolean).join(",") };
}

export const groupText = ({ id, type, properties, buckets }: Group): string =>
    [
        `group_id=${id}`,
        `type=${type}`,
        ...properties,
        ...buckets.map(
            ({ id, attributes, actions }) =>
                `bucket=${[`bucket_id:${id}`, ...attributes, `actions=${actions}`].join(",")}`,
        ),
    ].join(",");

/** OpenFlow numbers of a bridge's ports by name; its own port is `LOCAL`. Out of `dump-ports-desc`. */
export const parsePorts = (text: string): Map<string, string> =>
    new Map([...text.matchAll(/^ (\d+|LOCAL)\((.*)\): addr:/gm)].map(([, port = "", name = ""]) => [name, port]));

/** Words that are actions, whatever a port is called (ovs-actions(7)). */
const BARE_ACTIONS = new Set(
    "normal flood all local controller in_port drop table none strip_vlan pop_vlan dec_ttl dec_nw_ttl pop_queue exit ct_clear ct resubmit clear_actions decap dec_mpls_ttl dec_nsh_ttl delete_field fin_timeout".split(
        " ",
    ),
);
/** Actions that hold a list of actions. */
const HOLDERS = new Set(["clone", "write_actions"]);

const NAME = String.raw`"[^"]*"|[\w.-]+(?![\w.[-])`;
const KEYED = new RegExp(
    String.raw`\b(in_port=|in_port_oxm=|actset_output=|out_port=|watch_port[:=]|output:|output\((?:max_len=\w+,)?port=|resubmit[(:]|enqueue[(:]|sampling_port=)(${NAME})`,
    "g",
);
const SET = /\b(set_field:)("[^"]*"|[\w.-]+?)(?=->(?:in_port|in_port_oxm|actset_output)\b)/g;
const MEMBERS = new RegExp(String.raw`((?<=\b(?:members|slaves):(?:"[^"]*"|[\w.,-])*))(${NAME})`, "g");

/**
 * The text with the names of ports replaced by their numbers, in all places where `ovs-ofctl` takes a name. A name
 * that is no port stays, and `ovs-ofctl` tells what is wrong with it.
 */
export function withPortNumbers(text: string, ports: ReadonlyMap<string, string>): string {
    const numberOf = (name: string) =>
        /^(\d+|0x[\da-f]+)$/i.test(name) ? undefined : ports.get(name.replace(/^"(.*)"$/, "$1"));
    const inPlace = (whole: string, key: string, name: string) => {
        const port = numberOf(name);
        return port === undefined ? whole : key + port;
    };
    const numbered = text.replace(KEYED, inPlace).replace(SET, inPlace).replace(MEMBERS, inPlace);
    // A match knows no bare port, and a port may be called like a protocol.
    const at = Math.max(numbered.search(/\b(actions?|bucket)=/), 0);
    return numbered.slice(0, at) + withBareNumbers(numbered.slice(at), numberOf);
}

/** A bare name is a port only where an action can stand: not in `ct(table=11,nat)`. */
function withBareNumbers(text: string, numberOf: (name: string) => string | undefined): string {
    const places = [true];
    let [last, lastButOne] = ["", ""];
    return text.replace(/"[^"]*"|[\w.-]+|[^]/g, (token, at: number) => {
        const begins = /^[\s,(]?$/.test(last) || (last === "=" && /^(actions?|bucket)$/.test(lastButOne));
        const isBare = places.at(-1) && begins && /^[\s,)]?$/.test(text.charAt(at + token.length));
        if (token === "(") places.push(places.at(-1) === true && HOLDERS.has(last));
        if (token === ")" && places.length > 1) places.pop();
        [last, lastButOne] = [token, last];
        return (isBare && !BARE_ACTIONS.has(token.toLowerCase()) && numberOf(token)) || token;
    });
}

/** Whether a text calls a port by this name. */
export const namesPort = (text: string, name: string): boolean =>
    withPortNumbers(text, new Map([[name, "0"]])) !== text;

/** Words between commas and spaces; what stands in brackets or quotes belongs to its word. */
export function words(text: string): string[] {
    const found: string[] = [];
    let [word, depth, quoted] = ["", 0, false];
    for (const letter of text) {
        if (letter === '"') quoted = !quoted;
        else if (!quoted && letter === "(") depth += 1;
        else if (!quoted && letter === ")") depth -= 1;
        if (depth <= 0 && !quoted && /[\s,]/.test(letter)) {
            if (word) found.push(word);
            word = "";
        } else word += letter;
    }
    return word ? [...found, word] : found;
}

function split(word: string, separator: RegExp): [string, string?] {
    const at = word.search(separator);
    return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}
