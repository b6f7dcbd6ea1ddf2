/**
 * Which resources of a program are on one host. A program may build on several, and a name on one says nothing of another:
 * each has its own br0. A resource's provider tells; that of guests is another than that of switches.
 */
import { HostRef, libvirtUri } from "../schemas/host-ref";
import { type Resource, textAt } from "./inputs";
import { Stack } from "./stack";

/** What one provider makes. */
interface Maker {
    urn: string;
    /** Its own arguments; undefined where they were not read. */
    args: unknown;
    made: Resource[];
}

/** Resources by host, each where its provider builds; what no provider makes is together. */
export function byHost(resources: readonly Resource[]): readonly (readonly Resource[])[] {
    const hosts = hostsOf(resources);
    if (new Set(hosts.values()).size < 2) return [resources];
    const groups = new Map<string | undefined, Resource[]>();
    for (const resource of resources) put(groups, hosts.get(resource.provider ?? resource.urn ?? ""), resource);
    return [...groups.values()];
}

/** By a provider's URN the host on which it builds: in the words of kvmnet's `host`, else some text of its own. */
function hostsOf(resources: readonly Resource[]): ReadonlyMap<string, string> {
    const made = new Map<string, Resource[]>();
    for (const resource of resources) if (resource.provider !== undefined) put(made, resource.provider, resource);
    const own = new Map(resources.flatMap(({ urn, props }) => (urn === undefined ? [] : [[urn, props]])));
    const makers = (kind: string): Maker[] =>
        [...made].flatMap(([urn, of]) => (kindOf(urn) === kind ? [{ urn, args: own.get(urn), made: of }] : []));

    const ofSwitches = makers("kvmnet");
    const hosts = new Map(ofSwitches.map((maker) => [maker.urn, hostOf(maker)]));
    const guestHosts = makers("libvirt").map((maker) => [maker, uriOf(maker)] as const);
    const onlyHost = new Set(hosts.values()).size === 1 && new Set(guestHosts.map(([, uri]) => uri)).size === 1;
    const byUri = new Map([...hosts.values()].map((host) => [uriAt(host), host]));
    for (const [maker, uri] of guestHosts) {
        const told = onlyHost ? [...hosts.values()][0] : byUri.get(uri);
        hosts.set(maker.urn, told ?? hostOfGuests(maker, ofSwitches, hosts) ?? uri);
    }
    return hosts;
}

/** `kvmnet` of `urn:pulumi:lab::net::kvmnet:index:Environment$pulumi:providers:kvmnet::host`. */
const kindOf = (urn: string) => urn.split("::")[2]?.split("$").at(-1)?.replace("pulumi:providers:", "");
const nameOf = (urn: string) => urn.split("::").slice(3).join("::");

/** kvmnet's own default is this machine. */
function hostOf({ urn, args }: Maker): string {
    const host = args === undefined ? undefined : (textAt(args, "host") ?? "local");
    return typeof host === "string" ? host : urn;
}

/** Where libvirt answers; its 0.8 line has another word for the same socket. */
function uriOf({ urn, args }: Maker): string {
    const uri = textAt(args, "uri");
    return typeof uri === "string" ? uri.replace(/^qemu\+unix:/, "qemu:") : urn;
}

/** The URI of a host's own libvirt; undefined for what is no host of kvmnet's. */
function uriAt(host: string): string | undefined {
    const parsed = HostRef.safeParse(host);
    return parsed.success ? libvirtUri(parsed.data) : undefined;
}

/** Guests are where a name stands that their NICs have, and one host alone has; else where a provider has their provider's name. */
function hostOfGuests(
    { urn, made }: Maker,
    ofSwitches: readonly Maker[],
    hosts: ReadonlyMap<string, string>,
): string | undefined {
    const places = new Map<unknown, Set<string>>();
    for (const maker of ofSwitches) {
        const stack = new Stack(maker.made);
        const host = hosts.get(maker.urn) ?? maker.urn;
        for (const { name } of [...stack.ports(), ...stack.links(), ...stack.bridges()])
            places.set(name, (places.get(name) ?? new Set()).add(host));
    }
    const nics = new Stack(made).nics().flatMap(({ nic }) => [nic.tap, nic.said("bridge")]);
    const alone = nics.flatMap((name) => (typeof name === "string" ? [[...(places.get(name) ?? [])]] : []));
    const told = new Set(alone.flatMap((of) => (of.length === 1 ? of : [])));
    const namesakes = ofSwitches.filter((one) => nameOf(one.urn) === nameOf(urn));
    const [host] = told.size === 1 ? told : namesakes.flatMap((one) => hosts.get(one.urn) ?? []);
    return host;
}

function put<Key>(groups: Map<Key, Resource[]>, key: Key, resource: Resource): void {
    const group = groups.get(key);
    if (group) group.push(resource);
    else groups.set(key, [resource]);
}
