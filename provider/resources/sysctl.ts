/** One setting of the kernel below net, which gets its former value back. */
import { keyText, linkOfKey, Sysctl, sysctlPath, valueText } from "../../schemas/sysctl";
import type { Host } from "../host";
import { HostError } from "../host/errors";
import { managerCautions } from "../host/managers";
import { lackOfKey } from "../host/sysctl-keys";
import { sameValue } from "../host/sysctl-text";
import type { JournalEntry, Step } from "../plan";
import type { Found, HostResource } from "../resource";
import { forget, formerOf, lifeOf, note, noted } from "./former-values";

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
        "of every link, and net.ipv4.conf.all.forwarding is another name of it.",
    schema: Sysctl,
    cost: { key: "replace", value: "update" },
    idForm: "KEY, as `net.ipv4.ip_forward`",
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
            state: { key, value: same ? known.value : valueText(value) },
            mark: entry?.mark ?? mark,
            free: !entry,
            value,
            life,
            entry,
        };
    },

    async create(host, { key }) {
        const links = await host.links();
        throw new HostError(
            "missing",
            `sysctl ${key}`,
            `${host.where} has no such setting`,
            lackOfKey(key, (name) => links.has(name)),
        );
    },

    update(_host, { value, life, entry }, want, mark) {
        const { key } = want;
        const noting = note(keyOf(key), mark, life, { value }, entry);
        return sameValue(want.value, value)
            ? [noting]
            : [noting, write(`sets ${key} to ${want.value}`, key, want.value, value)];
    },

    delete(_host, { state: { key }, value, entry }) {
        const { value: former } = formerOf(entry);
        const restored = typeof former === "string" && former !== value;
        return [
            ...(restored ? [write(`gives ${key} its former value`, key, former, value)] : []),
            ...(entry ? [forget(keyOf(key))] : []),
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
    cautions: (host, { key }) => managerCautions(host, [linkOfKey(key)], "this setting"),
};

const keyOf = (key: string) => `sysctl ${key}`;

/** A setting of a link is that of a link made anew, too. */
async function lifeOfKey(host: Host, key: string): Promise<string> {
    const name = linkOfKey(key);
    return lifeOf(host, name === undefined ? undefined : (await host.links()).get(name));
}

function write(what: string, key: string, value: string, before: string): Step {
    const path = sysctlPath(key);
    return {
        what,
        action: { via: "write", files: [{ path, value }] },
        undo: [{ via: "write", files: [{ path, value: before }] }],
    };
}
