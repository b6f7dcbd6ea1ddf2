/** Nothing while a guest lives; when it goes, it is asked to shut down first. */
import { DomainId, GuestShutdown } from "../../schemas/guest-shutdown";
import type { Host } from "../host";
import { HostError } from "../host/errors";
import type { HostResource } from "../resource";

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
        const [old, now] = [was.settings, want.settings];
        const changed = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((key) => old[key] !== now[key]);
        if (changed.length === 0) return [];
        const { name = "" } = { ...old, ...now };
        const listed = changed.map((key) => `${key} (${old[key] ?? "none"} to ${now[key] ?? "none"})`).join(", ");
        return [`${want.effect ?? "replaces"} guest ${name}: ${listed}.${kept(want.effect, now)}`];
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

const kept = (effect: GuestShutdown["effect"] | undefined, { firmware }: Record<string, string>): string =>
    effect === "restarts"
        ? " It is shut down and started again."
        : ` It is shut down first; its disks stay${firmware ? ", its UEFI variables go with its domain" : ""}.`;

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
