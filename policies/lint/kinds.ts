/** The kinds of files that are read: how each is told by its content, how large it may be, and who reads it. */
import { type ReadSource, type Source, Unreadable } from "./source";

interface Kind {
    title: string;
    /** What is larger is refused before it is parsed [byte]. */
    mostBytes: number;
    /** Loaded only when such a file is there. */
    reader: () => Promise<ReadSource>;
}

const MIB = 2 ** 20;
/** Of JSON and databases: many thousands of resources. No kind has more [byte]. */
export const MOST_BYTES = 64 * MIB;

export const KINDS = {
    domain: {
        title: "libvirt domain XML",
        mostBytes: 16 * MIB,
        reader: async () => (await import("./readers/domain")).readDomain,
    },
    network: {
        title: "libvirt network XML",
        mostBytes: 16 * MIB,
        reader: async () => (await import("./readers/network")).readNetwork,
    },
    pulumi: {
        title: "JSON of `pulumi preview --json` or `pulumi stack export`",
        mostBytes: MOST_BYTES,
        reader: async () => (await import("./readers/pulumi")).readPulumi,
    },
    terraform: {
        title: "JSON of `terraform show -json` with the libvirt provider",
        mostBytes: MOST_BYTES,
        reader: async () => (await import("./readers/terraform")).readTerraform,
    },
    "ovs-dump": {
        title: "`ovsdb-client dump` of Open_vSwitch",
        mostBytes: MOST_BYTES,
        reader: async () => (await import("./readers/ovs-dump")).readOvsDump,
    },
    "ovs-db": {
        title: "conf.db of Open vSwitch",
        mostBytes: MOST_BYTES,
        reader: async () => (await import("./readers/ovs-db")).readOvsDb,
    },
    netplan: {
        title: "netplan YAML",
        mostBytes: MIB,
        reader: async () => (await import("./readers/netplan")).readNetplan,
    },
    nmstate: {
        title: "nmstate YAML",
        mostBytes: MIB,
        reader: async () => (await import("./readers/nmstate")).readNmstate,
    },
    proxmox: {
        title: "VM configuration of Proxmox VE",
        mostBytes: MIB,
        reader: async () => (await import("./readers/proxmox")).readProxmox,
    },
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof KINDS;
export const KIND_NAMES = Object.keys(KINDS) as KindName[];

/** @throws Unreadable where the content tells no kind */
export function kindOf({ file, text }: Source): KindName {
    const kind = told(text);
    if (kind) return kind;
    // Its reader says of which element it is, and which are read.
    if (/^\s*</.test(text.slice(0, HEAD))) return "domain";
    const reason =
        kind === undefined ? "it cannot be told what it is" : "it is a clustered database, which is no journal of rows";
    throw new Unreadable(
        `${file}: ${reason}. The linter reads ${Object.values(KINDS)
            .map(({ title }) => title)
            .join(", ")}. Name the kind by --kind (${KIND_NAMES.join(", ")}).`,
    );
}

/** Whether a text, or its beginning, is told to be of some kind. */
export const isRead = (text: string): boolean => Boolean(told(text));

/** Enough to tell by, so that no pattern meets megabytes [characters]. */
const HEAD = 64 * 1024;

/** Undefined where nothing tells it, null for what is known and not read. */
function told(text: string): KindName | null | undefined {
    const head = text.slice(0, HEAD);
    if (head.startsWith("OVSDB JSON ")) return "ovs-db";
    if (head.startsWith("OVSDB CLUSTER ")) return null;
    const [first] = /\S/.exec(head) ?? [];
    if (first === "<") {
        const [, root] = /<([A-Za-z_][\w.:-]*)/.exec(withoutComments(head)) ?? [];
        return root === "network" || root === "domain" ? root : undefined;
    }
    if (first === "{" || first === "[")
        return jsonKind(head) ?? (text.length > HEAD ? jsonKind(keysOf(text)) : undefined);
    if (/^\w+ table\r?\n[_a-z]/m.test(head)) return "ovs-dump";
    if (/^net\d+: *[\w-]+[=,]/m.test(head) || /^(scsihw|ostype|smbios1|vmgenid|bootdisk): /m.test(head))
        return "proxmox";
    if (/^network *:/m.test(head)) return "netplan";
    if (/^(interfaces|desiredState|dns-resolver|ovs-db) *:/m.test(head) || /^ *desiredState *:/m.test(head))
        return "nmstate";
    return undefined;
}

/** By hand, since a pattern would look for the end of each comment that has none anew. */
function withoutComments(xml: string): string {
    let rest = "";
    let at = 0;
    for (;;) {
        const from = xml.indexOf("<!--", at);
        const to = from < 0 ? -1 : xml.indexOf("-->", from + 4);
        rest += xml.slice(at, from < 0 ? undefined : from);
        if (to < 0) return rest;
        at = to + 3;
    }
}

/** The keys of an object, as they stand in JSON, where it is too long to be told by its beginning; none of what is no JSON. */
function keysOf(text: string): string {
    try {
        return Object.keys(JSON.parse(text) as object)
            .map((key) => `${JSON.stringify(key)}:`)
            .join();
    } catch {
        return "";
    }
}

/** By keys that stand early in what each program writes; what they hold is checked by the reader. */
function jsonKind(head: string): KindName | undefined {
    if (/^\s*\{\s*"caption"\s*:/.test(head)) return "ovs-dump";
    if (/"format_version"\s*:/.test(head) && /"(terraform_version|planned_values|values)"\s*:/.test(head))
        return "terraform";
    if (/"(steps|deployment)"\s*:/.test(head)) return "pulumi";
    if (/"network"\s*:/.test(head) && /"version"\s*:/.test(head)) return "netplan";
    if (/"interfaces"\s*:/.test(head)) return "nmstate";
    return undefined;
}
