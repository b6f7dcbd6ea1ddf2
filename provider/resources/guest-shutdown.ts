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

const press = (domain: string): string[] => [...VIRSH, "shutdown", "--mode", "acpi", "--domain", domain];

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
        const { code } = await host.place.run([...VIRSH, "domuuid", "--domain", domain]);
        return code === 0 ? { state: { domain, timeout: 60, effect: "replaces" }, mark } : undefined;
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
        if (!(await isRunning(host, domain))) return [];
        return [
            {
                what: `presses the power button of ${domain}`,
                action: { via: "program", argv: press(domain) },
            },
        ];
    },

    async left(host, { domain, timeout }) {
        const until = performance.now() + timeout * 1_000;
        let next = performance.now() + PRESS_MS;
        while (await isRunning(host.at({ maxAgeMs: LOOK_MS }), domain)) {
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
                await host.place.run(press(domain));
                next = performance.now() + PRESS_MS;
            }
            await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
        }
        return [];
    },
};

const kept = (effect: GuestShutdown["effect"] | undefined, { firmware }: Record<string, string>): string =>
    effect === "restarts"
        ? " It is shut down and started again."
        : ` It is shut down first; its disks stay${firmware ? ", its UEFI variables go with its domain" : ""}.`;

/** By UUID or name, among those that libvirt runs. A host without libvirt runs none. */
async function isRunning(host: Host, domain: string): Promise<boolean> {
    const running = await host
        .read([...VIRSH, "list", "--uuid", "--name"], (text) =>
            text.split("\n").map((line) => line.trim().split(/\s+/)),
        )
        .catch((error: unknown) => {
            if (error instanceof HostError && error.kind === "unreachable") return [];
            throw error;
        });
    return running.some((words) => words.includes(domain));
}
