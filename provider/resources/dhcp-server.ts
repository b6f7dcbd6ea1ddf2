/** A DHCP server on one interface: dnsmasq, its configuration and its leases. */
import { DhcpServer, DhcpServerOutputs } from "../../schemas/dhcp";
import { IfName } from "../../schemas/units";
import type { Host } from "../host";
import { readAddresses } from "../host/addresses";
import { HostError } from "../host/errors";
import { managerCautions } from "../host/managers";
import type { Plan, Step } from "../plan";
import type { Found, HostResource } from "../resource";
import { unserved } from "./dhcp-unserved";
import { folderOf, parsed, rendered, type Files } from "./dnsmasq-files";
import { leftovers, serviceOf, type Service } from "./dnsmasq-service";
import { NOT_WITH_HOST } from "./host-service";

interface Here extends Found<DhcpServer> {
    files: Files;
    service: Service;
    /** Its reservations or names may be others than those that it has read. */
    isUnread: boolean;
}

export const dhcpServer: HostResource<DhcpServer, Here> = {
    type: "kvmnet:host:DhcpServer",
    title: "DHCP server",
    description:
        "A DHCP server on one interface, and the DNS server for its guests' names: dnsmasq with a configuration of its own, " +
        "beside any other dnsmasq of the host. On a host with systemd it is the unit kvmnet-dhcp-INTERFACE.service, which " +
        "starts with the host; elsewhere it is a process. What another DHCP server on the same network answers, nobody can " +
        "know: have one. Leases outlive every change and go with the resource.",
    schema: DhcpServer,
    cost: {
        interface: "replace",
        ranges: "update",
        reservations: "update",
        options: "update",
        ipv6Options: "update",
        routerAdvertisements: "update",
        authoritative: "update",
        maxLeases: "update",
        dns: "update",
        domain: "update",
        names: "update",
        upstreams: "update",
    },
    outputs: DhcpServerOutputs,
    idOf: (state) => state.interface,
    idForm: "INTERFACE",
    checkId: (id) => (IfName.safeParse(id).success ? undefined : "write the name of the interface, such as br0"),
    claims: (want) => [`DHCP on ${want.interface}`],

    async cautions(host, want) {
        const here = (await readAddresses(host)).filter(({ link }) => link === want.interface);
        return [
            ...(await managerCautions(host, [want.interface], "what it is told")),
            ...unserved(
                want,
                here.map(({ address }) => address),
                host.where,
            ),
        ];
    },

    async find(host, link) {
        const [files, unread] = await Promise.all([read(host, link), textOf(host, unreadFile(link))]);
        if (!files) return undefined;
        const isUnread = unread !== undefined;
        const service = await serviceOf(host, link);
        const { server, mark, intact } = parsed(link, files);
        return {
            files,
            service,
            isUnread,
            state: server,
            mark,
            outputs: { leaseFile: `${folderOf(link)}/leases`, unit: service.unit },
            ...(intact ? {} : { fault: "its files were changed by hand" }),
            ...(isUnread ? { fault: "dnsmasq may not have read its reservations and names" } : {}),
            ...(service.isLasting ? {} : { fault: NOT_WITH_HOST }),
            ...(service.pid ? {} : { fault: "dnsmasq does not run" }),
        };
    },

    async create(host, want, mark) {
        if (!(await host.links()).has(want.interface))
            throw new HostError(
                "missing",
                `DHCP server ${want.interface}`,
                `there is no link ${want.interface} on ${host.where}`,
                "Make it first, for example as kvmnet:host:Bridge, and pass its name on.",
            );
        const folder = folderOf(want.interface);
        const service = await serviceOf(host, want.interface);
        return [
            program(`makes ${folder}`, ["install", "-d", "-m", "755", folder], ["rm", "-rf", "--", folder]),
            ...anew(want.interface, rendered(want, mark), undefined, service),
        ];
    },

    /** What a killed run has written and not had read is told by a file, for nobody can ask dnsmasq. */
    update: (_host, { files, service, isUnread }, want, mark) => {
        const wanted = rendered(want, mark);
        const unread = unreadFile(want.interface);
        const noted = program(`notes that dnsmasq on ${want.interface} has to read`, [
            "install",
            "-m",
            "644",
            "/dev/null",
            unread,
        ]);
        const forgotten = program(`notes that dnsmasq on ${want.interface} has read`, ["rm", "-f", "--", unread]);
        if (!service.pid || !service.isLasting || wanted.conf !== files.conf)
            return [...anew(want.interface, wanted, files, service), ...(isUnread ? [forgotten] : [])];
        const changes = written(want.interface, wanted, files, ["hosts", "names"]);
        return [...(changes.length > 0 ? [noted] : []), ...changes, service.reload, forgotten];
    },

    /** By its folder it is found, so that goes last. */
    delete: (_host, { service, state }) => [
        ...service.stop,
        ...leftovers(state.interface, service),
        program(`removes the files of dnsmasq on ${state.interface}`, ["rm", "-rf", "--", folderOf(state.interface)]),
    ],
};

/** The new configuration is tried first; then dnsmasq stops, finds all in place, and starts. */
function anew(link: string, wanted: Files, former: Files | undefined, service: Service): Plan {
    const draft = `${folderOf(link)}/conf.new`;
    return [
        write(`writes ${draft}`, draft, wanted.conf),
        program("tries the configuration", ["dnsmasq", "--test", `--conf-file=${draft}`]),
        ...service.stop,
        ...written(link, wanted, former, ["hosts", "names"]),
        {
            ...program("takes the configuration", ["mv", "--force", "--", draft, `${folderOf(link)}/conf`]),
            ...(former ? { undo: [write("", `${folderOf(link)}/conf`, former.conf).action] } : {}),
        },
        ...service.start,
    ];
}

/** Files that differ, each with its way back. */
const written = (link: string, wanted: Files, former: Files | undefined, names: (keyof Files)[]): Plan =>
    names
        .filter((name) => wanted[name] !== former?.[name])
        .map((name) => {
            const path = `${folderOf(link)}/${name}`;
            return {
                ...write(`writes ${path}`, path, wanted[name]),
                ...(former ? { undo: [write("", path, former[name]).action] } : {}),
            };
        });

/** A file is there whole or not at all, and dnsmasq, which runs as nobody, reads it. */
const write = (what: string, path: string, text: string): Step =>
    program(what, ["install", "-m", "644", "/dev/stdin", path], undefined, text);

const program = (what: string, argv: string[], undo?: string[], input?: string): Step => ({
    what,
    action: { via: "program", argv, ...(input === undefined ? {} : { input }) },
    ...(undo ? { undo: [{ via: "program", argv: undo }] } : {}),
});

async function read(host: Host, link: string): Promise<Files | undefined> {
    const [conf, hosts, names] = await Promise.all(
        ["conf", "hosts", "names"].map((name) => textOf(host, `${folderOf(link)}/${name}`)),
    );
    return conf === undefined ? undefined : { conf, hosts: hosts ?? "", names: names ?? "" };
}

async function textOf(host: Host, path: string): Promise<string | undefined> {
    const { code, stdout } = await host.place.run(["cat", "--", path]);
    return code === 0 ? stdout : undefined;
}

/** Is there from before reservations or names are written until dnsmasq was told to read them. */
const unreadFile = (link: string) => `${folderOf(link)}/unread`;
