/** Nothing while a guest lives; when it goes, it is asked to shut down first. */
import { DomainId, GuestShutdown } from "../../schemas/guest-shutdown";
import type { Host } from "../host";
import { HostError } from "../host/errors";
import type { HostResource } from "../resource";
import { UNKNOWN } from "../wire";

const VIRSH = ["virsh", "--quiet", "--connect", "qemu:///system"];
/** Pause between two looks at the guests [ms]; one look serves all that wait. */
const LOOK_MS = 300;
/** A guest that still boots does not hear the button, so it is pressed again so often [ms]. */
const PRESS_MS = 10_000;

const press = (uuid: string): string[] => [...VIRSH, "shutdown", "--mode", "acpi", "--domain", uuid];

export const guestShutdown: HostResource<GuestShutdown> = {
    type: "kvmnet:host:GuestShutdown",
    title: "shutdown of the guest",
    description:
        "Shuts a guest down before its libvirt domain is removed or replaced, which by itself is like pulling its plug. It " +
        "does nothing when it is made. When it is deleted it presses the guest's ACPI power button and waits, and presses it " +
        "again every 10 s, since a guest that still boots does not hear it; a guest that does not react within its timeout is warned of and loses its power. Since it names the domain, the engine deletes " +
        "it before the domain. A guest that is off is left as it is.",
    schema: GuestShutdown,
    cost: { domain: "replace", timeout: "update", settings: "update", effect: "update" },
    idOf: ({ domain }) => domain,
    idForm: "DOMAIN",
    checkId: (id) => (DomainId.safeParse(id).success ? undefined : "write the UUID or the name of the domain"),
    claims: ({ domain }) => [`shutdown of ${domain}`],

    /** There is nothing on the host, so what state knows is there. An import takes any domain that libvirt has. */
    async find(host, domain, { mark, known }) {
        if (known) return { state: known, mark };
        const uuid = await uuidOf(host, domain, "all");
        return uuid === undefined ? undefined : { state: { domain, timeout: 60, effect: "replaces" }, mark };
    },

    /** libvirt's providers say only that a stylesheet differs, or that a domain is updated. */
    foretold(was, want) {
        if (!was.settings || !want.settings) return [];
        const [old, now]: [Settings, Settings] = [was.settings, want.settings];
        const changed = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((key) =>
            isChanged(key, old, now),
        );
        if (changed.length === 0) return [];
        const name = now.name === UNKNOWN ? old.name : (now.name ?? old.name ?? "");
        const listed = changed.map((key) => `${key} (${shown(old[key])} to ${shown(now[key])})`).join(", ");
        const effect = want.effect ?? "replaces";
        const lost = lostDisks(old, changed);
        // Of disks that a former release did not note one by one nobody can tell that they stay.
        const stay = lost.length === 0 && isNoted("disks.", old);
        return [`${effect} guest ${String(name)}: ${listed}.${outcome(effect, now, changed, lost, stay)}`];
    },

    create: () => [],
    update: () => [],

    async delete(host, { state: { domain } }) {
        const uuid = await uuidOf(host, domain, "running");
        if (uuid === undefined) return [];
        return [
            {
                what: `presses the power button of ${domain}`,
                action: { via: "program", argv: press(uuid) },
            },
        ];
    },

    async left(host, { domain, timeout }) {
        const until = performance.now() + timeout * 1_000;
        let next = performance.now() + PRESS_MS;
        for (;;) {
            const uuid = await uuidOf(host.at({ maxAgeMs: LOOK_MS }), domain, "running");
            if (uuid === undefined) return [];
            if (performance.now() > until)
                return [`The guest ${domain} did not shut down within ${timeout} s; its domain goes while it runs.`];
            if (host.signal?.aborted)
                throw new HostError(
                    "cancelled",
                    `guest ${domain}`,
                    "was asked to shut down; the wait for it was cancelled",
                    "Run the same command again to finish it.",
                );
            host.status(`waits for the guest ${domain} to shut down ...`);
            if (performance.now() > next) {
                // Where the guest went off a moment ago this fails, and the next look sees it.
                await host.place.run(press(uuid));
                next = performance.now() + PRESS_MS;
            }
            await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
        }
    },
};

/** What a volume's id is not known for: it is made anew. */
type Settings = Readonly<Record<string, string | typeof UNKNOWN>>;

const VOLUME = /\.volume$/;

/** Any other setting that is not known yet may be what it was. */
function isChanged(key: string, old: Settings, now: Settings): boolean {
    if (old[key] === now[key]) return false;
    return (now[key] !== UNKNOWN || VOLUME.test(key)) && isNoted(key, old);
}

/** Whether settings would have the key, had it had a value: a release that had `disks` alone noted none of a disk's own. */
function isNoted(key: string, settings: Settings): boolean {
    const [whole = ""] = key.split(".");
    return (
        key === whole ||
        settings[whole] === undefined ||
        Object.keys(settings).some((other) => other.startsWith(`${whole}.`))
    );
}

const shown = (setting: Settings[string] | undefined): string =>
    setting === UNKNOWN ? "one made anew" : (setting ?? "none");

/** Disks whose volume goes, by the guest's name for them; that for cloud-init is written anew from the program. */
const lostDisks = (old: Settings, changed: string[]): string[] =>
    changed.flatMap((key) => {
        const [, disk] = /^disks\.(.+)\.volume$/.exec(key) ?? [];
        return disk !== undefined && old[key] !== undefined ? [disk] : [];
    });

function outcome(
    effect: GuestShutdown["effect"],
    { firmware }: Settings,
    changed: string[],
    lost: string[],
    stay: boolean,
): string {
    const held = lost.length === 1 ? `disk ${lost[0]} holds` : `disks ${lost.join(", ")} hold`;
    const disks =
        lost.length > 0 ? [`what its ${held} is lost`] : effect === "replaces" && stay ? ["its disks stay"] : [];
    const isAnew = effect === "replaces" || changed.some((key) => VOLUME.test(key));
    const goes = effect === "replaces" ? "go" : "may go";
    const variables = firmware && isAnew ? [`its UEFI variables ${goes} with its domain`] : [];
    const fate = [...disks, ...variables].join(", ");
    const end = effect === "replaces" ? "It is shut down first" : "It is shut down and started again";
    return ` ${end}${fate && `; ${fate}`}.`;
}

/**
 * The UUID of a domain that is told by its UUID or name; undefined where libvirt has none. virsh itself would take a name
 * such as 1 for the number of another domain. A host without libvirt has none.
 */
async function uuidOf(host: Host, domain: string, among: "running" | "all"): Promise<string | undefined> {
    const domains = await host
        .read([...VIRSH, "list", ...(among === "all" ? ["--all"] : []), "--uuid", "--name"], domainsOf)
        .catch((error: unknown) => {
            if (error instanceof HostError && error.kind === "unreachable") return [];
            throw error;
        });
    const found =
        domains.find(({ uuid }) => uuid === domain.toLowerCase()) ?? domains.find(({ name }) => name === domain);
    return found?.uuid;
}

/** A line is a UUID and a name, which may have spaces. */
const domainsOf = (text: string): { uuid: string; name: string }[] =>
    [...text.matchAll(/^ *(\S+) +(\S.*?) *$/gm)].map(([, uuid = "", name = ""]) => ({ uuid, name }));
