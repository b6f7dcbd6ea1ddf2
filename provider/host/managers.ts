/** Who else manages a host's links, and would undo what we do: read from what they leave under /run, in one go. */
import type { Host } from "./index";
import type { Link } from "./links";
import type { Place } from "./place";
import { Snapshot } from "./snapshot";

export type Manager = "systemd-networkd" | "NetworkManager" | "ifupdown" | "libvirt" | "Docker";

/** What a person tells each of them so that it lets go. */
const LETTING_GO: Readonly<Record<Manager, (link: string) => string>> = {
    "systemd-networkd": (link) =>
        `give it a .network file with [Match] Name=${link} and [Link] Unmanaged=yes, then run \`networkctl reload\``,
    NetworkManager: (link) =>
        `run \`nmcli device set ${link} managed no\`, and to keep that name it under unmanaged-devices in /etc/NetworkManager/conf.d`,
    ifupdown: (link) => `remove its stanza from /etc/network/interfaces (not \`ifdown ${link}\`, which takes it down)`,
    libvirt: () => "let libvirt's own network or guest say it instead",
    Docker: () => "leave Docker's own links to Docker, and use a link of yours",
};

const NETWORKD = "/run/systemd/netif/links";
const NETWORK_MANAGER = "/run/NetworkManager/devices";
const IFSTATE = "/run/network/ifstate";
const LIBVIRT_NETWORKS = "/run/libvirt/network";
const LIBVIRT_GUESTS = "/run/libvirt/qemu";
const DOCKER = "/run/docker.pid";

/**
 * Lines that tell who manages what, and no others: state files of guests are long.
 *
 * - systemd-networkd: a file a link by its index, `ADMIN_STATE=` (sd_network_link_get_setup_state in libsystemd-network)
 * - NetworkManager: a file a link by its index, `managed=` (nm_config_device_state_write in nm-config.c)
 * - ifupdown: `LINK=STANZA` for each link that `ifup` set up
 * - libvirt: `<forward mode='nat'` and `<bridge name='virbr0'` of a network, `<target dev='vnet0'` of a guest's NIC
 */
const LINES =
    "^ADMIN_STATE=|^managed=|^[A-Za-z0-9_.-]+=[A-Za-z0-9_.-]+$|<forward |<bridge name='|<target dev='|^[0-9]+$";

/** Seen no longer ago than this [ms], it need not be looked at again: it is advice. */
const FRESH_MS = 1_000;

/** Names and indices by who manages them. */
export interface Claims {
    /** Index of the link in decimal. */
    byIndex: ReadonlyMap<string, readonly Manager[]>;
    byName: ReadonlyMap<string, readonly Manager[]>;
    docker: boolean;
}

const snapshots = new WeakMap<Place, Snapshot<Claims>>();

/** What each of them claims on a host. */
export function readClaims({ place }: Pick<Host, "place">): Promise<Claims> {
    let snapshot = snapshots.get(place);
    if (!snapshot) {
        snapshot = new Snapshot(async () => {
            const options = ["--recursive", "--devices=skip", "--no-messages", "--with-filename", "--null"];
            const places = [NETWORKD, NETWORK_MANAGER, IFSTATE, LIBVIRT_NETWORKS, LIBVIRT_GUESTS, DOCKER];
            const { stdout } = await place.run(["grep", ...options, "--extended-regexp", LINES, ...places]);
            return parseClaims(stdout);
        });
        snapshots.set(place, snapshot);
    }
    return snapshot.get(FRESH_MS);
}

/** @param text lines `PATH NUL LINE` */
function parseClaims(text: string): Claims {
    const byIndex = new Map<string, Manager[]>();
    const byName = new Map<string, Manager[]>();
    let docker = false;
    const claim = (map: Map<string, Manager[]>, key: string, manager: Manager) =>
        map.set(key, [...new Set([...(map.get(key) ?? []), manager])]);
    const rows = text.split("\n").map((row) => row.split("\0"));
    const users = new Set(rows.filter(([, line = ""]) => isUser(line)).map(([path]) => path));
    for (const [path = "", line = ""] of rows) {
        const [folder, file] = [path.slice(0, path.lastIndexOf("/")), path.slice(path.lastIndexOf("/") + 1)];
        const state = line.slice(line.indexOf("=") + 1);
        if (folder === NETWORKD && line.startsWith("ADMIN_STATE=") && !["unmanaged", "initialized"].includes(state))
            claim(byIndex, file, "systemd-networkd");
        else if (folder === NETWORK_MANAGER && line === "managed=true") claim(byIndex, file, "NetworkManager");
        else if (path === IFSTATE && line.includes("=")) claim(byName, line.slice(0, line.indexOf("=")), "ifupdown");
        else if (path === DOCKER) docker = true;
        else if ((folder === LIBVIRT_NETWORKS && !users.has(path)) || folder === LIBVIRT_GUESTS)
            for (const name of libvirtNames(line)) claim(byName, name, "libvirt");
    }
    return { byIndex, byName, docker };
}

/** A network of this mode uses a bridge that is somebody else's; the other modes that have a bridge make it. */
const isUser = (line: string): boolean => /<forward [^>]*mode='bridge'/.test(line);

/** A guest only opens a tap that says `managed='no'`: that one is somebody else's. */
function libvirtNames(line: string): string[] {
    const [, name, rest = ""] = /<(?:bridge name|target dev)='([^']+)'([^>]*)/.exec(line) ?? [];
    return name === undefined || rest.includes("managed='no'") ? [] : [name];
}

/** Bridges that Docker makes: the first, those of its networks by their id, and a swarm's. */
const isDockerBridge = ({ name, kind }: Pick<Link, "name" | "kind">) =>
    kind === "bridge" && /^(docker0|docker_gwbridge|br-[0-9a-f]{12})$/.test(name);

/** Who manages a link, in alphabetical order. @param links all links of the host by name */
export function managersOf(claims: Claims, link: Link, links: ReadonlyMap<string, Link>): Manager[] {
    const found = new Set([...(claims.byIndex.get(String(link.index)) ?? []), ...(claims.byName.get(link.name) ?? [])]);
    const master = link.master === undefined ? undefined : links.get(link.master);
    if (claims.docker && (isDockerBridge(link) || (link.kind === "veth" && master && isDockerBridge(master))))
        found.add("Docker");
    return [...found].sort();
}

/**
 * A sentence for each program that manages one of these links, to warn with before something is made on it.
 *
 * @param what what is made, for the sentence: `this address`
 */
export async function managerCautions(
    host: Host,
    names: readonly (string | undefined)[],
    what: string,
): Promise<string[]> {
    const asked = [...new Set(names)].filter((name) => name !== undefined);
    if (asked.length === 0) return [];
    const claims = await readClaims(host);
    // Most hosts of guests have nobody else, and then links need not be read.
    if (claims.byIndex.size + claims.byName.size === 0 && !claims.docker) return [];
    const links = await host.links();
    return asked.flatMap((name) => {
        const link = name === undefined ? undefined : links.get(name);
        return (link ? managersOf(claims, link, links) : []).map(
            (manager) =>
                `${manager} manages the link ${link?.name} on ${host.where} too and may undo ${what}: ${LETTING_GO[manager](link?.name ?? "")}.`,
        );
    });
}
