/** One setting of the kernel below net, which gets its former value back. */
import { keyText, linkOfKey, Sysctl, sysctlPath, valueText } from "../../schemas/sysctl";
import type { Host } from "../host";
import { HostError } from "../host/errors";
import { managerCautions } from "../host/managers";
import { lackOfKey } from "../host/sysctl-keys";
import { sameValue } from "../host/sysctl-text";
import type { JournalEntry, Step } from "../plan";
import type { Found, HostResource } from "../resource";
import { forwardingCautions, keepAdvertised } from "./advertised-routes";
import { forget, formerOf, lifeOf, note, noted, noteRest } from "./former-values";
import { keepIpv6 } from "./ipv6-off";
import { permissionOf } from "./operator-guard";
import { besideOf, formerBeside, givenBackBeside, setBeside, type Beside } from "./sysctl-beside";

interface Here extends Found<Sysctl> {
    /** What stands there, in the kernel's own words. */
    value: string;
    life: string;
    entry?: JournalEntry;
}

export const sysctl: HostResource<Sysctl, Here> = {
    type: "kvmnet:host:Sysctl",
    title: "sysctl",
    description:
        "One setting of the kernel below net, of the whole host or of one link. The value that it had before is noted in the " +
        "host's journal and is there again after a delete. Nothing is written to /etc/sysctl.d: after a reboot the next " +
        "`pulumi up --refresh` sets it again. Note that some settings change others: net.ipv4.ip_forward sets `forwarding` " +
        "of every link, and net.ipv4.conf.all.forwarding is another name of it. A delete gives those back, too, but for what " +
        "somebody has set since. One of net.ipv4.conf.default is also that of every link whose own nobody has set: where a " +
        "program has both, have the link's depend on it (`dependsOn`), so that what it gives back is not the other's.",
    schema: Sysctl,
    cost: { key: "replace", value: "update", takesOperatorPath: "update" },
    presets: { takesOperatorPath: false },
    idForm: "KEY",
    idNote: "as `net.ipv4.ip_forward`",
    idOf: ({ key }) => key,
    checkId(id) {
        const result = Sysctl.shape.key.safeParse(id);
        if (!result.success) return result.error.issues.map(({ message }) => message).join("; ");
        return keyText(id) === id ? undefined : `A sysctl is named with dots, here ${result.data}`;
    },

    /** It is anybody's to take while nobody of ours has noted what it was. */
    async find(host, key, { mark, known }) {
        const [value] = await host.files.read([sysctlPath(key)]);
        if (value === undefined) return undefined;
        const life = await lifeOfKey(host, key);
        const entry = await noted(host, keyOf(key), life);
        const same = known !== undefined && sameValue(known.value, value);
        return {
            state: { key, value: same ? known.value : valueText(value), ...permissionOf(known) },
            mark: entry?.mark ?? mark,
            free: !entry,
            value,
            life,
            entry,
        };
    },

    async create(host, { key }) {
        const { code } = await host.place.run(["test", "-e", sysctlPath(key)]);
        if (code === 0) throw unreadable(host, key);
        const links = await host.links();
        throw new HostError(
            "missing",
            `sysctl ${key}`,
            `${host.where} has no such setting`,
            lackOfKey(key, (name) => links.has(name)),
        );
    },

    async update(host, { value, life, entry }, want, mark) {
        const { key } = want;
        const beside = await besideOf(host, key, (other) => isNoted(host, other));
        // While the value is the former one, so is what goes with it.
        const isFormer = (formerOf(entry).value ?? value) === value;
        const former = { value, ...(isFormer ? formerBeside(beside, value) : {}), ...formerOf(entry) };
        const to = sameValue(want.value, value) ? value : want.value;
        if (to !== value) {
            await keepIpv6(host, want);
            await keepAdvertised(host, want);
        }
        return [
            note(keyOf(key), mark, life, former, entry),
            ...write(`sets ${key} to ${want.value}`, key, value, to, beside, setBeside(to, former)),
        ];
    },

    async delete(host, { state: { key, takesOperatorPath }, value, life, entry }, mark) {
        const { value: back, ...former } = formerOf(entry);
        if (typeof back !== "string") return entry ? [forget(keyOf(key))] : [];
        if (back !== value) {
            const given = { key, value: back, takesOperatorPath };
            await keepIpv6(host, given, true);
            await keepAdvertised(host, given, true);
        }
        const beside = await besideOf(host, key, (other) => isNoted(host, other));
        const wanted = givenBackBeside(value, back, former);
        const kept = Object.fromEntries(
            beside.filter((one) => wanted(one) !== one.made(back)).map((one) => [one.name, wanted(one)]),
        );
        const steps = write(`gives ${key} its former value`, key, value, back, beside, wanted);
        return [
            ...(steps.length > 0 && beside.length > 0
                ? [noteRest(keyOf(key), mark, life, { value: back, ...kept })]
                : []),
            ...steps,
            forget(keyOf(key)),
        ];
    },

    async settle(host, { key, value }) {
        const [there] = await host.files.read([sysctlPath(key)]);
        if (there === undefined || sameValue(value, there)) return;
        throw new HostError(
            "refused",
            `sysctl ${key}`,
            `the kernel took ${JSON.stringify(value)} and made ${JSON.stringify(valueText(there))} of it`,
            `Write ${JSON.stringify(valueText(there))}, or another value that it keeps as it is.`,
        );
    },

    // One setting has two keys (devinet_sysctl_forward in net/ipv4/devinet.c).
    claims: ({ key }) => [`sysctl ${key === "net.ipv4.conf.all.forwarding" ? "net.ipv4.ip_forward" : key}`],
    cautions: async (host, want) => [
        ...(await managerCautions(host, [linkOfKey(want.key)], "this setting")),
        ...(await forwardingCautions(host, want)),
    ],
};

const keyOf = (key: string) => `sysctl ${key}`;

/** A secret that nobody has set yet (stable_secret of a link), or a setting that is only written. */
const unreadable = (host: Host, key: string) =>
    new HostError(
        "refused",
        `sysctl ${key}`,
        `${host.where} has this setting and tells no value of it, so a delete could give nothing back`,
        "Write a first value yourself by `sysctl -w`, and declare it then; where it is still not told, remove it from the program.",
    );

/** A setting of a link is that of a link made anew, too. */
async function lifeOfKey(host: Host, key: string): Promise<string> {
    const name = linkOfKey(key);
    return lifeOf(host, name === undefined ? undefined : (await host.links()).get(name));
}

/** Whether a resource of ours gives back the former value of a setting. */
async function isNoted(host: Host, key: string): Promise<boolean> {
    return (await noted(host, keyOf(key), await lifeOfKey(host, key))) !== undefined;
}

/**
 * The step that sets it, with what goes with it; none where nothing differs.
 *
 * @param wanted what each that goes with it is to be afterwards
 */
function write(
    what: string,
    key: string,
    from: string,
    to: string,
    beside: readonly Beside[],
    wanted: (one: Beside) => string,
): Step[] {
    const path = sysctlPath(key);
    const own = (value: string) => (from === to ? [] : [{ path, value }]);
    const after = (one: Beside, value: string) => (from === to ? one.there : one.made(value));
    const changed = beside.filter((one) => wanted(one) !== after(one, to));
    const files = [...own(to), ...changed.map((one) => ({ path: one.path, value: wanted(one) }))];
    if (files.length === 0) return [];
    const before = from === to ? changed : beside.filter((one) => one.there !== one.made(from));
    const undo = [...own(from), ...before.map(({ path: at, there }) => ({ path: at, value: there }))];
    return [{ what, action: { via: "write", files }, undo: [{ via: "write", files: undo }] }];
}
