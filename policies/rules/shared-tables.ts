/** Rules about what all ports of a bridge share. */
import { countAt } from "../inputs";
import { known, maybe } from "../known";
import { stackRule } from "../stack-rule";
import { made, tunedDomain } from "./examples";
import { freeGuests } from "./free-guests";
import { VSWITCHD_DB } from "./manuals";

/** MAC addresses that Open vSwitch learns where nothing is said (ovs-vswitchd.conf.db(5), mac-table-size). */
const DEFAULT_SIZE = 8192;

const bridge = (props: object = {}) => made("ovs:Bridge", { name: "br0", ...props });
const port = (name: string, props: object = {}) =>
    made("ovs:Port", { name, bridge: "br0", type: "system", tag: 10, ...props });
const plugged = tunedDomain({
    source: { bridge: { bridge: "br0" } },
    virtualPort: { params: { openVSwitch: {} } },
    vlan: { tags: [{ id: 10 }] },
    target: { dev: "tap-web0" },
});

const macTable = stackRule({
    id: "sec-mac-table",
    title: "A switch that guests share has a MAC table of a size that somebody chose.",
    severity: "medium",
    level: { default: "disabled", security: "advisory" },
    why: `All ports of a bridge learn into one table, of ${DEFAULT_SIZE} addresses where nothing is said. A guest that sends from ever new addresses fills it. Open vSwitch evicts fairly, from the port that has most, so that neighbours keep theirs; but each address that comes or goes has the switch judge its flows anew, and a frame to one that is not in the table goes to every port.`,
    sources: ["ovs-vswitchd.conf.db(5), Bridge: other_config:mac-table-size", "Open vSwitch, lib/mac-learning.c"],
    url: `${VSWITCHD_DB}#bridge-table`,
    tags: ["security"],
    parameters: {
        ports: {
            describe: "Guests without portSecurity from which on a bridge counts as shared [count].",
            value: { default: 2 },
            minimum: 2,
            maximum: 65535,
        },
    },
    judge(stack, each, { ports: least }) {
        const counts = maybe(() => freeGuests(stack));
        for (const { resource, kind, name } of stack.bridges())
            each(resource, "its MAC table", () => {
                if (kind !== "ovs") return undefined;
                const size = known(countAt(DEFAULT_SIZE, resource.props, "macTableSize"));
                if (size !== DEFAULT_SIZE) return undefined;
                const count = known(counts).get(known(name) ?? "") ?? 0;
                if (count < least) return undefined;
                return {
                    found: `${count} guests that may send from any address share it, and it has the default size of ${DEFAULT_SIZE}`,
                    set: "Set portSecurity of their ports, or macTableSize to a few times the addresses that guests and uplink have.",
                };
            });
    },
    fix: "Hold guests to their own addresses by portSecurity, or choose macTableSize.",
    examples: {
        good: [
            [bridge({ macTableSize: 256 }), port("tap0"), port("tap1")],
            [bridge(), port("tap0"), port("tap1", { portSecurity: { mac: "52:54:00:12:34:56" } })],
            [bridge({ uplinks: ["eth0"] }), port("tap0"), port("eth0", { trunks: ["10"], tag: undefined })],
            [bridge(), port("tap-web0"), plugged],
        ],
        bad: [
            [bridge(), port("tap0"), port("tap1")],
            [bridge({ macTableSize: DEFAULT_SIZE }), port("tap0"), port("tap1")],
            [bridge(), port("tap0"), plugged],
        ],
    },
});

export const sharedTableRules = [macTable];
