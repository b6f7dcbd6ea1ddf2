/** Who works on a host from elsewhere, read from its sockets: SSH connections to it. */
import { addressText } from "../../schemas/ip-text";
import { HostError } from "./errors";
import type { Host } from "./index";
import type { Operator } from "./lookup";
import type { Place } from "./place";
import { Snapshot } from "./snapshot";

/** A TCP socket that listens, or one end of an established connection. */
export interface Socket {
    listens: boolean;
    local: string;
    port: number;
    /** Address of the other end; empty where it listens, and its port 0. */
    peer: string;
    peerPort: number;
    /** The link that it is bound to, as one of a link-local address is. */
    device?: string;
    /** What the socket marks its packets with; absent is nothing. */
    mark?: number;
    /** Empty where they were not asked for, too. */
    programs: string[];
}

/** As a message calls it. */
export const connectionText = ({ peer, local }: Operator): string => `the SSH connection from ${peer} to ${local}`;

/** Connections of people do not come and go faster than this [ms]. */
const FRESH_MS = 1_000;
const SSH_PORT = 22;
const SERVERS = ["sshd", "sshd-session", "dropbear"];

const snapshots = new WeakMap<Place, Snapshot<Operator[]>>();

/** Everybody who is connected now. @throws HostError refused where that cannot be told */
export function readOperators({ place }: Pick<Host, "place">): Promise<Operator[]> {
    let snapshot = snapshots.get(place);
    if (!snapshot) {
        const looks = new Looks(place);
        snapshots.set(place, (snapshot = new Snapshot(() => looks.next())));
    }
    return snapshot.get(FRESH_MS);
}

/**
 * Looks at a host's sockets, one after another. Whose they are costs `ss` a walk over all that all processes have open
 * (0.3 s on a host of 200 guests), so it is asked only for connections that may be somebody's, and until it is known.
 */
export class Looks {
    /** What was told of connections that were there at the last look. */
    private told = new Map<string, { programs: string[]; isKnown: boolean }>();

    constructor(private readonly place: Place) {}

    /** @throws HostError refused where that cannot be told */
    async next(): Promise<Operator[]> {
        const { sshConnection } = this.place;
        const seen = (await this.sockets()).map((socket) => ({
            ...socket,
            programs: this.toldOf(socket)?.programs ?? [],
        }));
        const isOpen = (socket: Socket) => !this.toldOf(socket)?.isKnown;
        const sockets = doubtful(seen, sshConnection).some(isOpen) ? await this.sockets("-p") : seen;
        this.told = new Map(
            doubtful(sockets, sshConnection).map((socket) => {
                const { programs } = socket;
                return [connectionOf(socket), { programs, isKnown: isSsh(socket) || this.isToldAgain(socket) }];
            }),
        );
        return operatorsOf(sockets, sshConnection);
    }

    /** One that nobody has accepted yet has no program, and one that has just been accepted may be handed to another. */
    private isToldAgain(socket: Socket): boolean {
        const before = this.toldOf(socket)?.programs;
        return socket.programs.length > 0 && before?.join() === socket.programs.join();
    }

    private toldOf(socket: Socket) {
        return this.told.get(connectionOf(socket));
    }

    private async sockets(...more: string[]): Promise<Socket[]> {
        const argv = ["ss", "-H", "-t", "-n", "-e", ...more, "state", "established", "state", "listening"];
        const { code, stdout } = await this.place.run(argv);
        if (code === 0) return parseSockets(stdout);
        throw new HostError(
            "refused",
            `the connections of ${this.place.where}`,
            `\`${argv.join(" ")}\` failed, so it cannot be told over which links it is worked on`,
            "Install iproute2 with its `ss` there, or set takesOperatorPath: true where nobody can be cut off.",
        );
    }
}

const connectionOf = ({ local, port, peer, peerPort, device = "" }: Operator) =>
    `${local} ${port} ${peer} ${peerPort} ${device}`;

const LINE = /^(LISTEN|ESTAB)\s+\d+\s+\d+\s+(\S+)\s+(\S+)(.*)$/;
const END = /^(?:\[([^\]]+)\]|([^[\]%:]+))(?:%([\w.@-]+))?:(\d+|\*)$/;

/** @param text what `ss -H -t -n -e -p state established state listening` printed, or the same without `-p` (misc/ss.c of iproute2) */
export function parseSockets(text: string): Socket[] {
    return text.split("\n").flatMap((line): Socket[] => {
        const [, state, here = "", there = "", rest = ""] = LINE.exec(line) ?? [];
        const [local, peer] = [endOf(here), endOf(there)];
        if (!local || !peer) return [];
        const device = local.device ?? peer.device;
        const programs = [...rest.matchAll(/\("([^"]*)",pid=/g)].map(([, name = ""]) => name);
        const [, mark] = / fwmark:0x([0-9a-f]+)(?: |$)/.exec(rest) ?? [];
        const listens = state === "LISTEN";
        const far = listens ? { peer: "", peerPort: 0 } : { peer: peer.address, peerPort: peer.port };
        const socket = { listens, local: local.address, port: local.port, ...far, programs };
        const more = {
            ...(device === undefined ? {} : { device }),
            ...(mark ? { mark: Number.parseInt(mark, 16) } : {}),
        };
        return [{ ...socket, ...more }];
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
    const found = [
        ...sockets.filter((socket) => !socket.listens && isAtSshPort(socket, sshConnection)),
        ...doubtful(sockets, sshConnection).filter(isSsh),
    ].map(({ peer, local, device, port, peerPort, mark }): Operator => ({
        ...{ peer, local, port, peerPort },
        ...(device === undefined ? {} : { device }),
        ...(mark === undefined ? {} : { mark }),
    }));
    const all = [toldOf(sshConnection), ...found].filter(
        ({ peer, local }) => addressText(peer) !== undefined && addressText(local) !== undefined,
    );
    return [...new Map(all.map((one) => [connectionOf(one), one])).values()];
}

const isSsh = ({ programs }: Socket) => programs.some((name) => SERVERS.includes(name));

const isAtSshPort = ({ port }: Socket, sshConnection: string) =>
    port === SSH_PORT || String(port) === sshConnection.split(" ")[3];

/** Connections of which only their program tells whether they are SSH's. */
function doubtful(sockets: readonly Socket[], sshConnection = ""): Socket[] {
    const listened = new Set(sockets.filter(({ listens }) => listens).map(({ port }) => port));
    return sockets.filter(
        (socket) => !socket.listens && listened.has(socket.port) && !isAtSshPort(socket, sshConnection),
    );
}

function toldOf(sshConnection: string): Operator {
    const [client = "", peerPort, server = "", port] = sshConnection.split(" ");
    const [peer = "", zone] = client.split("%");
    const [local = ""] = server.split("%");
    const ports = { port: Number(port) || 0, peerPort: Number(peerPort) || 0 };
    const told = { peer: plainAddress(peer), local: plainAddress(local), ...ports };
    return zone === undefined ? told : { ...told, device: zone };
}
