/** Asks the guests of a project and its host what they have, and holds it against what the program declared. */
import type { GuestConsole } from "../../lab";
import { openHost, type Host } from "../../provider/host";
import { tablesOf, type VlanTable } from "../../provider/resources/bridge-vlans";
import { parsed } from "../../schemas/problems";
import { HostRef } from "../../schemas/host-ref";
import type { DeclaredNic } from "../../schemas/declared";
import { declaredOf } from "../declared";
import type { Progress } from "../progress";
import type { LabProject } from "../lab-project";
import { agentsOf } from "./agent";
import { bootedGuests, runningGuests } from "./guests";
import { verifyNic, type HostSays, type VerifiedNic } from "./compare";
import { deviceOf, nicsOf, type QemuNic } from "../audit/qemu-line";
import { nicsOfXml, type XmlNic } from "./domain";
import { measure, type Measurement } from "./measure";
import { pairsOf, type Pair } from "./reachability";
import { filters, vlanOfPort, vlanOnBridge } from "./vlans";

export interface Verification {
    nics: VerifiedNic[];
    /** How long the guests took until the last had told what it has [ms]. */
    waited: number;
    /** What was measured, where it was asked for. */
    measurement?: Measurement;
}

/**
 * @param of.mends    whether a guest that does not come up is started again, as one that was made just now
 * @param of.measures whether throughput and latency are measured, too
 */
export async function verifyProject(
    project: LabProject,
    progress: Progress,
    { mends = false, measures = false }: { mends?: boolean; measures?: boolean } = {},
): Promise<Verification> {
    const declared = declaredOf(project);
    const started = performance.now();
    const names = [...new Set(declared.nics.map(({ guest }) => guest))];
    const guests = await progress.step("Waiting for the guests to boot and report", () =>
        mends ? bootedGuests(project.lab, names, progress) : runningGuests(project.lab, names),
    );
    const waited = performance.now() - started;
    try {
        const [hostSays, heard] = await progress.step("Asking the host, and the guests whom they reach", () =>
            Promise.all([hostOf(declared.host, declared.nics), askPairs(pairsOf(declared.nics), guests)]),
        );
        const nics = declared.nics.map((nic) => {
            const reached = (those: Asked[]) =>
                those.flatMap(({ pair: { from, to } }) => (from === nic ? [to.guest] : to === nic ? [from.guest] : []));
            const seen = guests.get(nic.guest)?.report.nics.find(({ mac }) => mac === nic.mac);
            return verifyNic(nic, seen, hostSays(nic), {
                declared: reached(heard.filter(({ pair }) => pair.joined)),
                seen: reached(heard.filter(({ answered }) => answered)),
            });
        });
        const measurement = measures ? await measure(declared.nics, guests, progress) : undefined;
        return { nics, waited, ...(measurement && { measurement }) };
    } finally {
        for (const guest of guests.values()) guest.close();
    }
}

/** What libvirt, QEMU, the agents in the guests, Open vSwitch and the kernel say of each NIC. */
async function hostOf(hostText: string, nics: DeclaredNic[]): Promise<(nic: DeclaredNic) => HostSays> {
    const host = await openHost(parsed(HostRef, hostText, "host"));
    try {
        const names = [...new Set(nics.map(({ guest }) => guest))];
        const [ports, { links, tables }, domains, agentOf] = await Promise.all([
            nics.some(({ plug }) => plug.kind === "ovs") ? host.ovsPorts() : [],
            linksOf(host, nics),
            Promise.all(names.map(async (name) => [name, await domainOf(host, name)] as const)),
            agentsOf(host.place, nics),
        ]);
        const portOf = new Map(ports.map((port) => [port.name, port]));
        const domain = new Map(domains);
        return (nic) => {
            const { guest, mac, plug, tap } = nic;
            const port = portOf.get(tap);
            const bridge = links.get(links.get(tap)?.master ?? "");
            const xml = domain.get(guest)?.xml.find((nic) => nic.mac === mac);
            return {
                plug:
                    plug.kind === "linux"
                        ? { kind: "linux", bridge: bridge?.name, vlan: bridge && vlanOnBridge(bridge, tables.get(tap)) }
                        : {
                              kind: "ovs",
                              bridge: port?.bridge,
                              vlan: port && vlanOfPort(port),
                              idlePolicing: port?.idlePolicing,
                          },
                tapMtu: links.get(tap)?.mtu,
                agent: agentOf(nic),
                xml,
                qemu: xml && deviceOf(domain.get(guest)?.qemu ?? [], xml),
            };
        };
    } finally {
        host.close();
    }
}

/** All links, and the VLANs of ports where a bridge that a NIC is plugged into filters. */
async function linksOf(host: Host, nics: DeclaredNic[]) {
    const links = await host.links();
    const asked = nics.some(
        ({ plug, tap }) => plug.kind === "linux" && filters(links.get(links.get(tap)?.master ?? "")),
    );
    return { links, tables: asked ? await tablesOf(host) : new Map<string, VlanTable>() };
}

/** The domain as it runs, and the QEMU process that libvirt says runs it; nothing where they cannot be read. */
async function domainOf(host: Host, guest: string): Promise<{ xml: XmlNic[]; qemu: QemuNic[] }> {
    const printed = async (argv: string[]) => {
        const { code, stdout } = await host.place.run(argv);
        return code === 0 ? stdout : "";
    };
    const [xml, pid] = await Promise.all([
        printed(["virsh", "--quiet", "--connect", "qemu:///system", "dumpxml", "--domain", guest]),
        printed(["cat", `/run/libvirt/qemu/${guest}.pid`]),
    ]);
    const line = /^\d+\s*$/.test(pid) ? await printed(["cat", `/proc/${pid.trim()}/cmdline`]) : "";
    return { xml: xml ? nicsOfXml(xml) : [], qemu: nicsOf(line.split("\0")) };
}

/** A pair, and whether a ping between the two was answered. */
interface Asked {
    pair: Pair;
    answered: boolean;
}

/** Longest wait for an answer that must come [s]; an emulated guest on a busy machine takes its time. */
const PATIENCE_S = 6;

/**
 * Pings every pair at once. Who must answer and is silent is asked again, since a packet may be lost. Other silence is
 * believed only after thrice the time that the slowest answer took: where that was longer than the first wait, the silent
 * ones are asked again, too.
 */
async function askPairs(pairs: Pair[], guests: Map<string, GuestConsole>): Promise<Asked[]> {
    const started = performance.now();
    let slowest = 0;
    const first = await Promise.all(
        pairs.map(async (pair) => {
            const asked = await ask(pair, guests, pair.joined ? PATIENCE_S : 1);
            if (asked.answered) slowest = (performance.now() - started) / 1000;
            return asked;
        }),
    );
    const patience = Math.min(PATIENCE_S, Math.ceil(3 * slowest));
    const believed = ({ pair, answered }: Asked) => answered || (!pair.joined && patience <= 1);
    const again = await Promise.all(
        first
            .filter((asked) => !believed(asked))
            .map(({ pair }) => ask(pair, guests, pair.joined ? PATIENCE_S : patience)),
    );
    return [...first.filter(believed), ...again];
}

async function ask(pair: Pair, guests: Map<string, GuestConsole>, seconds: number): Promise<Asked> {
    const guest = guests.get(pair.from.guest);
    const from = guest?.report.nics.find(({ mac }) => mac === pair.from.mac);
    if (!guest || !from || pair.to.address === null) return { pair, answered: false };
    const target = pair.to.address.split("/")[0] ?? "";
    const { exitCode } = await guest.run(["ping", "-I", from.name, "-c", "1", "-W", `${seconds}`, target]);
    return { pair, answered: exitCode === 0 };
}
