/** Who works on a host from elsewhere, read from its sockets: SSH connections to it. */
import { addressText } from "../../schemas/ip-text";
import { HostError } from "./errors";
import type { Host } from "./index";
import type { Place } from "./place";
import { Snapshot } from "./snapshot";

/** A TCP socket that listens, or one end of an established connection. */
export interface Socket {
    listens: boolean;
    local: string;
    port: number;
    /** Address of the other end; empty where it listens. */
    peer: string;
    /** The link that it is bound to, as one of a link-local address is. */
    device?: string;
    programs: string[];
}

/** An SSH connection to the host, or several alike. */
export interface Operator {
    peer: string;
    /** Address of the host that the peer is connected to. */
    local: string;
    device?: string;
}

/** Connections of people do not come and go faster than this [ms]. */
const FRESH_MS = 1_000;
const SSH_PORT = 22;
const SERVERS = ["sshd", "sshd-session", "dropbear"];

const snapshots = new WeakMap<Place, Snapshot<Operator[]>>();

/** Everybody who is connected now. @throws HostError refused where that cannot be told */
export function readOperators({ place }: Pick<Host, "place">): Promise<Operator[]> {
    let snapshot = snapshots.get(place);
    if (!snapshot) {
        const argv = ["ss", "-H", "-t", "-n", "-p", "state", "established", "state", "listening"];
        snapshot = new Snapshot(async () => {
            const { code, stdout } = await place.run(argv);
            if (code !== 0)
                throw new HostError(
                    "refused",
                    `the connections of ${place.where}`,
                    `\`${argv.join(" ")}\` failed, so it cannot be told over which links it is worked on`,
                    "Install iproute2 with its `ss` there, or set takesOperatorPath: true where nobody can be cut off.",
                );
            return operatorsOf(parseSockets(stdout), place.sshConnection);
        });
        snapshots.set(place, snapshot);
    }
    return snapshot.get(FRESH_MS);
}

const LINE = /^(LISTEN|ESTAB)\s+\d+\s+\d+\s+(\S+)\s+(\S+)(.*)$/;
const END = /^(?:\[([^\]]+)\]|([^[\]%:]+))(?:%([\w.@-]+))?:(\d+|\*)$/;

/** @param text what `ss -H -t -n -p state established state listening` printed (misc/ss.c of iproute2) */
export function parseSockets(text: string): Socket[] {
    return text.split("\n").flatMap((line): Socket[] => {
        const [, state, near = "", far = "", rest = ""] = LINE.exec(line) ?? [];
        const [local, peer] = [endOf(near), endOf(far)];
        if (!local || !peer) return [];
        const device = local.device ?? peer.device;
        const programs = [...rest.matchAll(/\("([^"]*)",pid=/g)].map(([, name = ""]) => name);
        const listens = state === "LISTEN";
        const socket = { listens, local: local.address, port: local.port, peer: listens ? "" : peer.address, programs };
        return [{ ...socket, ...(device === undefined ? {} : { device }) }];
    });
}

function endOf(text: string): { address: string; device?: string; port: number } | undefined {
    const [, v6, v4, device, port] = END.exec(text) ?? [];
    const address = v6 ?? v4;
    if (address === undefined || port === undefined) return undefined;
    return { address: plainAddress(address), port: Number(port) || 0, ...(device === undefined ? {} : { device }) };
}

/** A socket of IPv6 that serves IPv4, too, prints the peer as `::ffff:192.0.2.7`, to which there is no route. */
function plainAddress(text: string): string {
    const [, v4] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text) ?? [];
    return v4 ?? addressText(text) ?? text;
}

/**
 * Connections to port 22, to the port of `SSH_CONNECTION`, and to any port that an SSH server listens at. What a server
 * opens itself, as for a jump host, comes from a port at which nobody listens.
 *
 * @param sshConnection `CLIENT PORT SERVER PORT` (sshd(8)); it counts though its connection cannot be seen: mosh keeps it
 */
export function operatorsOf(sockets: readonly Socket[], sshConnection = ""): Operator[] {
    const [client = "", , server = "", serverPort] = sshConnection.split(" ");
    const listened = new Set(sockets.filter(({ listens }) => listens).map(({ port }) => port));
    const found = sockets
        .filter(({ listens }) => !listens)
        .filter(
            ({ port, programs }) =>
                port === SSH_PORT ||
                String(port) === serverPort ||
                (listened.has(port) && programs.some((name) => SERVERS.includes(name))),
        )
        .map(({ peer, local, device }): Operator => ({ peer, local, ...(device === undefined ? {} : { device }) }));
    const all = [toldOf(client, server), ...found].filter(
        ({ peer, local }) => addressText(peer) !== undefined && addressText(local) !== undefined,
    );
    return [...new Map(all.map((one) => [`${one.peer} ${one.local} ${one.device ?? ""}`, one])).values()];
}

function toldOf(client: string, server: string): Operator {
    const [peer = "", zone] = client.split("%");
    const [local = ""] = server.split("%");
    const told = { peer: plainAddress(peer), local: plainAddress(local) };
    return zone === undefined ? told : { ...told, device: zone };
}
