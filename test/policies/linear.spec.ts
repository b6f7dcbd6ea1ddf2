import assert from "node:assert/strict";
import type { Resource } from "../../policies/inputs";
import { made, tunedDomain } from "../../policies/rules/examples";
import { stackRules } from "../../policies/table";

/** Guests, each with its tap and port and the host's address, on a bridge for each eight. */
const stackOf = (guests: number): Resource[] => [
    ...Array.from({ length: guests / 8 }, (_, index) => [
        made("ovs:Bridge", { name: `br${index}`, datapathType: "netdev", uplinks: [`eth${index}`], mtuRequest: 1500 }),
        made("ovs:Port", { name: `eth${index}`, bridge: `br${index}`, trunks: ["100"] }),
        made("ovs:Port", { name: `in${index}`, bridge: `br${index}`, type: "internal", tag: 100 }),
        made("host:Address", { link: `in${index}`, address: `10.${index >> 8}.${index & 255}.1/24` }),
    ]).flat(),
    ...Array.from({ length: guests }, (_, index) => [
        made("host:Tap", { name: `tap${index}`, mtu: 1500 }),
        made("ovs:Port", { name: `tap${index}`, bridge: `br${index >> 3}`, tag: 100, ingress: { rate: "1Gbit" } }),
        tunedDomain({
            target: { dev: `tap${index}` },
            mac: {
                address: `52:54:00:00:${(index >> 8).toString(16).padStart(2, "0")}:${(index & 255).toString(16).padStart(2, "0")}`,
            },
            mtu: { size: 1500 },
        }),
    ]).flat(),
];

/** The same resources, each of whose properties counts when it is read, at any depth. */
function counting(resources: Resource[]): { resources: Resource[]; reads: () => number } {
    let reads = 0;
    const watched = <Value>(value: Value): Value =>
        typeof value !== "object" || value === null
            ? value
            : new Proxy(value, {
                  get: (target, key) => {
                      reads++;
                      return watched(Reflect.get(target, key) as unknown);
                  },
              });
    return { resources: resources.map(watched), reads: () => reads };
}

describe("a rule about whole stacks", () => {
    for (const rule of stackRules)
        it(`reads eight times as much of a stack eight times as large: ${rule.id}`, () => {
            const readsOf = (guests: number) => {
                const { resources, reads } = counting(stackOf(guests));
                rule.judgeStack(resources);
                return reads();
            };
            const [small, large] = [readsOf(64), readsOf(512)];
            assert.ok(small > 0 && large <= 9 * small, `${small} reads, then ${large}`);
        });
});
