/** A bridge of the kernel. Its MAC is always set, since one that is not jumps to the lowest of its ports. */
import { createHash } from "node:crypto";
import { LinuxBridge } from "../../schemas/links";
import type { Line } from "../host/links";
import { ownerFrom } from "../owner";
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
        const link = (await host.kernel.links()).get(name);
        if (!link) return undefined;
        return {
            state: { name, mac: link.mac, mtu: link.mtu, stp: link.stp ?? false },
            mark: ownerFrom(link.alias)?.mark,
            conflict:
                link.kind === "bridge"
                    ? undefined
                    : `a link of that name is there, and it is a ${link.kind ?? "device"}`,
        };
    },

    create: (host, want, mark) =>
        host.kernel.change(
            `Linux bridge ${want.name}`,
            ["link", "add", "name", want.name, "type", "bridge", "stp_state", "0"],
            ...settings(want, mark),
        ),

    update: (host, _found, want, mark) => host.kernel.change(`Linux bridge ${want.name}`, ...settings(want, mark)),

    delete: (host, { state }) =>
        host.kernel.change(`Linux bridge ${state.name}`, ["link", "delete", "dev", state.name]),
};

/** The mark comes first: an object whose set-up was cut short is known as ours. */
function settings({ name, mac, mtu, stp }: LinuxBridge, mark: string): Line[] {
    const set = (...words: string[]) => ["link", "set", "dev", name, ...words];
    return [
        set("alias", mark),
        ...(mac ? [set("address", mac)] : []),
        // A bridge follows the MTU of its ports until its own was changed once, and setting what stands there is no
        // change (net/bridge/br_device.c br_change_mtu, net/core/dev.c dev_set_mtu_ext).
        set("mtu", String(mtu === 1500 ? 1501 : 1500)),
        set("mtu", String(mtu)),
        set("type", "bridge", "stp_state", stp ? "1" : "0"),
        set("up"),
    ];
}

/** Stable, unicast and locally administered: 52:54 and four bytes of a digest. */
function derivedMac(seed: string): string {
    const digest = createHash("sha256").update(seed).digest("hex");
    return ["52", "54", ...(digest.match(/../g) ?? []).slice(0, 4)].join(":");
}
