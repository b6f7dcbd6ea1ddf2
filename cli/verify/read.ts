/** Asks the guests of a project and its host what they have, and holds it against what the program declared. */
import { openGuest, type GuestConsole } from "../../lab";
import { openHost } from "../../provider/host";
import { parsed } from "../../schemas/problems";
import { HostRef } from "../../schemas/host-ref";
import type { DeclaredNic } from "../../schemas/declared";
import { declaredOf } from "../declared";
import type { Progress } from "../progress";
import type { LabProject } from "../lab-project";
import { verifyNic, type SeenPlug, type VerifiedNic } from "./compare";
import { pairsOf, type Pair } from "./reachability";

export interface Verification {
    nics: VerifiedNic[];
    /** How long the guests took until the last had told what it has [ms]. */
    waited: number;
}

export async function verifyProject(project: LabProject, progress: Progress): Promise<Verification> {
    const declared = declaredOf(project);
    const started = performance.now();
    const guests = await progress.step("Waiting for the guests to boot and report", () =>
        openGuests(project.lab, [...new Set(declared.nics.map(({ guest }) => guest))]),
    );
    const waited = performance.now() - started;
    try {
        const [plugs, heard] = await progress.step("Asking the host, and the guests whom they reach", () =>
            Promise.all([plugsOf(declared.host, declared.nics), askPairs(pairsOf(declared.nics), guests)]),
        );
        const nics = declared.nics.map((nic) => {
            const asked = heard.filter(({ pair }) => pair.from === nic);
            return verifyNic(
                nic,
                guests.get(nic.guest)?.report.nics.find(({ mac }) => mac === nic.mac),
                plugs(nic),
                {
                    declared: asked.filter(({ pair }) => pair.joined).map(({ pair }) => pair.to.guest),
                    seen: asked.filter(({ answered }) => answered).map(({ pair }) => pair.to.guest),
                },
            );
        });
        return { nics, waited };
    } finally {
        for (const guest of guests.values()) guest.close();
    }
}

async function openGuests(lab: string, names: string[]): Promise<Map<string, GuestConsole>> {
    const opened = await Promise.allSettled(names.map((name) => openGuest(lab, name)));
    const guests = new Map<string, GuestConsole>();
    const failed: unknown[] = [];
    for (const [index, result] of opened.entries())
        if (result.status === "fulfilled") guests.set(names[index] ?? "", result.value);
        else failed.push(result.reason);
    if (failed.length === 0) return guests;
    for (const guest of guests.values()) guest.close();
    throw new Error(failed.map((reason) => (reason instanceof Error ? reason.message : String(reason))).join("\n"));
}

/** Where each tap is plugged in, by Open vSwitch and by the kernel. */
async function plugsOf(hostText: string, nics: DeclaredNic[]): Promise<(nic: DeclaredNic) => SeenPlug> {
    const host = await openHost(parsed(HostRef, hostText, "host"));
    try {
        const [ports, links] = await Promise.all([
            nics.some(({ plug }) => plug.kind === "ovs") ? host.ovsPorts() : [],
            host.links(),
        ]);
        const portOf = new Map(ports.map((port) => [port.name, port]));
        const linkOf = new Map(links.map((link) => [link.name, link]));
        return ({ plug, tap }) => {
            if (plug.kind === "linux") return { bridge: linkOf.get(tap)?.master, vlan: "-" };
            const port = portOf.get(tap);
            return { bridge: port?.bridge, vlan: port && `${port.tag ?? "every VLAN"}` };
        };
    } finally {
        host.close();
    }
}

/** Pings every pair at once. A guest that must answer is given more time than one that must not. */
function askPairs(pairs: Pair[], guests: Map<string, GuestConsole>): Promise<{ pair: Pair; answered: boolean }[]> {
    return Promise.all(
        pairs.map(async (pair) => {
            const guest = guests.get(pair.from.guest);
            const from = guest?.report.nics.find(({ mac }) => mac === pair.from.mac);
            if (!guest || !from || pair.to.address === null) return { pair, answered: false };
            const [count, seconds] = pair.joined ? ["3", "6"] : ["2", "2"];
            const target = pair.to.address.split("/")[0] ?? "";
            const { output } = await guest.run([
                "ping",
                "-I",
                from.name,
                "-c",
                count,
                "-W",
                "2",
                "-w",
                seconds,
                target,
            ]);
            return { pair, answered: /[1-9]\d* packets received/.test(output) };
        }),
    );
}
