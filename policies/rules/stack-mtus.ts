/** Rules across resources for MTUs: what each hop carries on the way from a guest to the wire. */
import { countAt, textAt } from "../inputs";
import { known, type Maybe, NotKnown } from "../known";
import { numberSaid } from "../nics/guest-nic";
import { stackRule } from "../stack-rule";
import type { Stack, StackPort } from "../stack";
import { made, tunedDomain } from "./examples";
import { FORMATDOMAIN, VSWITCHD_DB } from "./manuals";
import { portName } from "./port-name";
import { bridge, guest, port, tap } from "./stack-examples";

const mtuChain = stackRule({
    id: "mtu-chain",
    title: "No hop carries less than the guest may send.",
    severity: "high",
    level: { default: "mandatory" },
    why: "The MTU that a virtio NIC is told is also the most that its guest can set. Where tap, bridge or uplink carry less, longer frames are dropped without a word to the guest.",
    sources: ["Linux drivers/net/virtio_net.c virtnet_probe: max_mtu", "QEMU host_mtu"],
    url: `${FORMATDOMAIN}#mtu-configuration`,
    tags: ["mtu"],
    proof: {
        file: "test/live/bad-nics.spec.ts",
        shows: "whose link has a smaller MTU loses the longer frames, which the others hear",
    },
    parameters: {},
    judge(stack, each) {
        const mtuOf = new Map<unknown, number | undefined>();
        for (const { name, mtu } of stack.links()) if (typeof mtu !== "object") mtuOf.set(name, mtu);
        for (const { name, tapMtu } of stack.ports()) if (typeof tapMtu === "number") mtuOf.set(name, tapMtu);
        const bridges = new Map<unknown, number>();
        for (const { name, mtu } of stack.bridges()) if (typeof mtu === "number") bridges.set(name, mtu);
        const bridgeOf = new Map(
            [...stack.ports(), ...stack.bridgePorts()].map(({ name, bridge }) => [name, bridge] as const),
        );
        const uplinks = leastUplinks(stack);
        for (const { resource, nic } of stack.nics())
            each(resource, `NIC number ${nic.index + 1}`, () => {
                const mtu = numberSaid(nic, "mtu");
                if (mtu === undefined) return undefined;
                const tapName = known(nic.tap);
                const tapMtu = mtuOf.get(tapName);
                if (tapMtu !== undefined && tapMtu < mtu)
                    return {
                        found: `its MTU is ${mtu}, and its tap ${tapName} carries ${tapMtu}`,
                        set: `Set the tap's mtu to ${mtu}, or the NIC's to ${tapMtu}.`,
                    };
                // What no port plugs in, libvirt does.
                const plugged = bridgeOf.get(tapName) ?? known(nic.said("bridge"));
                const most = bridges.get(plugged);
                if (most !== undefined && most < mtu)
                    return {
                        found: `its MTU is ${mtu}, and its bridge ${String(plugged)} carries ${most}`,
                        set: `Set the bridge's MTU to ${mtu}, or the NIC's to ${most}.`,
                    };
                const uplink = uplinks.get(plugged);
                if (uplink === undefined || uplink.mtu >= mtu) return undefined;
                return {
                    found: `its MTU is ${mtu}, and the uplink ${uplink.name} of its bridge ${String(plugged)} carries ${uplink.mtu}`,
                    set: `Set the uplink's MTU to ${mtu}, or the NIC's to ${uplink.mtu}.`,
                };
            });
    },
    fix: "Raise the chain from the switch down, or lower the NIC.",
    examples: {
        good: [
            [tap({ name: "tap0", mtu: 9000 }), port({ name: "tap0", tag: 1 }), guest("tap0", { mtu: { size: 9000 } })],
            [tap({ name: "tap0" }), guest("tap0")],
        ],
        bad: [
            [tap({ name: "tap0" }), port({ name: "tap0", tag: 1 }), guest("tap0", { mtu: { size: 9000 } })],
            [
                tap({ name: "tap0", mtu: 9000 }),
                bridge({ name: "br0", mtuRequest: 1500 }),
                port({ name: "tap0", tag: 1 }),
                guest("tap0", { mtu: { size: 9000 } }),
            ],
            [
                made("host:Bridge", { name: "br0", mtu: 1500 }),
                tunedDomain({ source: { bridge: { bridge: "br0" } }, mtu: { size: 9000 } }),
            ],
        ],
    },
});

/**
 * Of each bridge the uplink that carries least. A Linux bridge names none: there it is a NIC or bond that is plugged in, and
 * no guest's tap. What is not known yet is left out.
 */
function leastUplinks(stack: Stack): ReadonlyMap<unknown, { name: string; mtu: number }> {
    const least = new Map<unknown, { name: string; mtu: number }>();
    const add = (bridge: unknown, name: unknown) => {
        const mtu = typeof name === "string" ? stack.mtus().get(name) : undefined;
        if (mtu !== undefined && mtu < (least.get(bridge)?.mtu ?? Infinity))
            least.set(bridge, { name: String(name), mtu });
    };
    for (const { name, uplinks } of stack.bridges())
        if (!(uplinks instanceof NotKnown)) for (const uplink of uplinks) add(name, uplink);
    const taps = new Set<unknown>(stack.nics().map(({ nic }) => nic.tap));
    const outward = new Set<unknown>(
        [...stack.of("kvmnet:host:Link"), ...stack.of("kvmnet:host:Bond")].map(({ props }) => textAt(props, "name")),
    );
    for (const { name, bridge } of stack.bridgePorts()) if (outward.has(name) && !taps.has(name)) add(bridge, name);
    return least;
}

const mtuMixedBridge = stackRule({
    id: "mtu-mixed-bridge",
    title: "The ports of one bridge carry the same MTU.",
    severity: "medium",
    level: { default: "advisory" },
    why: "A bridge sends no message that a frame is too long: what a port with a higher MTU sends to one with a lower is dropped. An Open vSwitch bridge's own port takes the smallest MTU of its ports, unless mtuRequest says another.",
    sources: ["ovs-vswitchd.conf.db(5), Interface: mtu_request", "harvester/harvester#4353: bond 9000, bridge 1500"],
    url: `${VSWITCHD_DB}#interface-table`,
    tags: ["mtu"],
    parameters: {},
    judge(stack, each) {
        const least = new Map<string, { name: string; mtu: number }>();
        for (const [name, on] of stack.plugged()) {
            const mtu = stack.mtus().get(name);
            if (mtu !== undefined && mtu < (least.get(on)?.mtu ?? Infinity)) least.set(on, { name, mtu });
        }
        for (const { resource, name } of stack.links())
            each(resource, "its MTU", () => {
                const own = known(name) ?? "";
                const [mtu, on] = [stack.mtus().get(own), stack.plugged().get(own)];
                const lower = on === undefined ? undefined : least.get(on);
                if (mtu === undefined || lower === undefined || mtu <= lower.mtu) return undefined;
                return {
                    found: `it carries ${mtu} bytes, and ${lower.name} on the same bridge ${on} carries ${lower.mtu}`,
                    set: `Set the mtu of both to ${mtu}, or to ${lower.mtu}.`,
                };
            });
    },
    fix: "Give all ports of a bridge one MTU.",
    examples: {
        good: [
            [
                tap({ name: "tap0" }),
                tap({ name: "tap1" }),
                port({ name: "tap0", tag: 1 }),
                port({ name: "tap1", tag: 1 }),
            ],
            [tap({ name: "tap0", mtu: 9000 }), tap({ name: "tap1" }), port({ name: "tap0", tag: 1 })],
        ],
        bad: [
            [
                tap({ name: "tap0", mtu: 9000 }),
                tap({ name: "tap1" }),
                port({ name: "tap0", tag: 1 }),
                port({ name: "tap1", tag: 1 }),
            ],
        ],
    },
});

/**
 * Bytes that a tunnel adds to a packet: outer IP and UDP header, VXLAN or Geneve header, inner Ethernet header.
 *
 * @param ends its addresses: any of them tells which IP it goes over. @throws NotKnown
 */
const overhead = (...ends: Maybe<string | undefined>[]) =>
    ends.some((end) => (known(end) ?? "").includes(":")) ? 70 : 50;

const mtuOverlay = stackRule({
    id: "mtu-overlay",
    title: "What travels in a tunnel leaves room for the tunnel.",
    severity: "high",
    level: { default: "mandatory" },
    why: "VXLAN and Geneve add 50 bytes over IPv4 and 70 over IPv6. A guest that may send as much as the network below carries has its longest packets dropped there, as their outer header forbids fragments.",
    sources: ["RFC 7348, 4.3: a VTEP must not fragment", "harvester/docs#847"],
    url: `${VSWITCHD_DB}#interface-table`,
    tags: ["mtu", "tunnel"],
    proof: {
        file: "test/live/bad-nics.spec.ts",
        shows: "of a tunnel loses the longest frames of a guest that has the MTU of the network below",
    },
    parameters: {
        underlay: {
            describe: "MTU of the network that tunnels go through [byte]; 0 where it is not the same everywhere.",
            value: { default: 0 },
            minimum: 0,
            maximum: 65521,
        },
    },
    judge(stack, each, { underlay }) {
        for (const resource of stack.of("kvmnet:host:Vxlan"))
            each(resource, "its MTU", () => {
                const { props } = resource;
                const [mtu, link] = [known(countAt(undefined, props, "mtu")), known(textAt(props, "link"))];
                const below = (link === undefined ? undefined : stack.mtus().get(link)) ?? (underlay || undefined);
                if (mtu === undefined || below === undefined) return undefined;
                const most = below - overhead(textAt(props, "remote"), textAt(props, "local"));
                if (mtu <= most) return undefined;
                return {
                    found: `it carries ${mtu} bytes over a link of ${below}`,
                    set: `Set its mtu to ${most}, or that of the link below to ${mtu + below - most}.`,
                };
            });
        const tunnels = new Map<string, StackPort>();
        for (const one of stack.ports())
            if (["vxlan", "geneve"].includes(String(one.type)) && typeof one.bridge === "string")
                tunnels.set(one.bridge, one);
        if (tunnels.size === 0) return;
        for (const { resource, name } of stack.links())
            each(resource, "its MTU", () => {
                const mtu = stack.mtus().get(known(name) ?? "");
                const tunnel = tunnels.get(stack.plugged().get(known(name) ?? "") ?? "");
                if (mtu === undefined || tunnel === undefined) return undefined;
                const below = underlay || 1500;
                const most =
                    below -
                    overhead(textAt(tunnel.props, "options", "remoteIp"), textAt(tunnel.props, "options", "localIp"));
                if (mtu <= most) return undefined;
                const fault = {
                    found: `it carries ${mtu} bytes, and ${portName(tunnel)} on its bridge is a tunnel over a network of ${below}`,
                    set: `Set its mtu, and that of the guest's NIC, to ${most}; or give the network below ${mtu + below - most}.`,
                };
                return underlay ? fault : { ...fault, remark: true };
            });
    },
    fix: "Give guests behind a tunnel 50 bytes less than the network below (70 over IPv6), or raise that network's MTU.",
    examples: {
        good: [
            [
                made("host:Link", { name: "eth0", mtu: 9000 }),
                made("host:Vxlan", { name: "vx0", link: "eth0", mtu: 8950 }),
            ],
            [
                tap({ name: "tap0", mtu: 1450 }),
                port({ name: "tap0", tag: 1 }),
                port({ name: "vx0", type: "vxlan", trunks: ["1"], options: { remoteIp: "192.0.2.1" } }),
            ],
        ],
        bad: [
            [
                made("host:Link", { name: "eth0", mtu: 1500 }),
                made("host:Vxlan", { name: "vx0", link: "eth0", mtu: 1451 }),
            ],
            [
                made("host:Link", { name: "eth0", mtu: 1500 }),
                made("host:Vxlan", { name: "vx0", link: "eth0", mtu: 1431, remote: "2001:db8::1" }),
            ],
            [
                made("host:Link", { name: "eth0", mtu: 1500 }),
                made("host:Vxlan", { name: "vx0", link: "eth0", mtu: 1450, local: "2001:db8::2" }),
            ],
        ],
    },
});

export const mtuRules = [mtuChain, mtuMixedBridge, mtuOverlay];
