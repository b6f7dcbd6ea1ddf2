/** A bridge of the kernel. Its MAC is always set, since one that is not jumps to the lowest of its ports. */
import { createHash } from "node:crypto";
import { LinuxBridge } from "../../schemas/links";
import { ownerFrom } from "../owner";
import { ip, type Step } from "../plan";
import type { HostResource } from "../resource";

export const linuxBridge: HostResource<LinuxBridge> = {
    type: "kvmnet:host:Bridge",
    title: "Linux bridge",
    description: "A bridge of the Linux kernel, up, with a MAC address that stays.",
    schema: LinuxBridge,
    cost: { name: "replace", mac: "update", mtu: "update", stp: "update" },
    derived: ["mac"],
    complete: (want, seed) => ({ ...want, mac: want.mac ?? derivedMac(`${seed} ${want.name}`) }),

    async find(host, name) {
        const link = (await host.links()).get(name);
        if (!link) return undefined;
        return {
            state: { name, mac: link.mac, mtu: link.mtu, stp: link.data.stp_state === 1 },
            mark: ownerFrom(link.alias)?.mark,
            objectId: String(link.index),
            conflict:
                link.kind === "bridge"
                    ? undefined
                    : `a link of that name is there, and it is a ${link.kind ?? "device"}`,
        };
    },

    create: (_host, want, mark) => [
        ip(
            `makes the Linux bridge ${want.name}`,
            [["link", "add", "name", want.name, "type", "bridge", "stp_state", "0"]],
            [["link", "delete", "dev", want.name]],
        ),
        settings(want, mark),
    ],

    update: (_host, _found, want, mark) => [settings(want, mark)],

    delete: (_host, { state }) => [
        ip(`removes the Linux bridge ${state.name}`, [["link", "delete", "dev", state.name]]),
    ],
    claims: ({ name }) => [`link ${name}`],
};

/** The mark comes first: an object whose set-up was cut short is known as ours. */
function settings({ name, mac, mtu, stp }: LinuxBridge, mark: string): Step {
    const set = (...words: string[]) => ["link", "set", "dev", name, ...words];
    return ip(`sets the Linux bridge ${name} up`, [
        set("alias", mark),
        ...(mac ? [set("address", mac)] : []),
        // A bridge follows the MTU of its ports until its own was changed once, and setting what stands there is no
        // change (net/bridge/br_device.c br_change_mtu, net/core/dev.c dev_set_mtu_ext).
        set("mtu", String(mtu === 1500 ? 1501 : 1500)),
        set("mtu", String(mtu)),
        set("type", "bridge", "stp_state", stp ? "1" : "0"),
        set("up"),
    ]);
}

/** Stable, unicast and locally administered: 52:54 and four bytes of a digest. */
function derivedMac(seed: string): string {
    const digest = createHash("sha256").update(seed).digest("hex");
    return ["52", "54", ...(digest.match(/../g) ?? []).slice(0, 4)].join(":");
}
