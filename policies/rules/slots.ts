/** A rule about the slots of NICs: whether PCI Express carries what the wires do. */
import { bitsPerSecond, rateText } from "../../schemas/amounts";
import { pcieCapacity, PCIE_GENERATIONS, shownRate } from "../../tuning/physics";
import { at, countAt, listAt, textAt } from "../inputs";
import { known, NotKnown } from "../known";
import { stackRule } from "../stack-rule";
import { made } from "./examples";

/** A slot, with the links that share it. */
interface Slot {
    links: string[];
    /** Rates of the links [bit/s]. */
    rates: number[];
    generation: number;
    lanes: number;
}

const uplink = (props: Record<string, unknown>) => made("index:Uplink", { name: "wan", links: ["ens1f0"], ...props });

const shownLink = (link: string) => (/^[\w.@-]{1,15}$/.test(link) ? link : "a link");

/**
 * Slots of which all is told; functions of one device share one (`0000:3b:00.0` and `.1`).
 *
 * @throws NotKnown
 */
function slotsOf(props: unknown): Slot[] {
    const slots = new Map<string, Slot>();
    const promised = rateText(known(textAt(props, "rate")) ?? "");
    for (const link of known(listAt(props, "links")).map(String)) {
        const of = (...path: string[]) => known(countAt(undefined, props, "nics", link, ...path));
        const speed = promised === undefined ? (of("speed") ?? 0) * 1e6 : bitsPerSecond(promised);
        const generation = of("pcie", "generation") ?? known(countAt(undefined, props, "pcieGeneration"));
        const lanes = of("pcie", "lanes") ?? known(countAt(undefined, props, "pcieLanes"));
        if (speed === 0 || generation === undefined || lanes === undefined) continue;
        const device = known(textAt(props, "nics", link, "busAddress"))?.replace(/\.\d+$/, "") ?? link;
        const slot = slots.get(device) ?? { links: [], rates: [], generation, lanes };
        slot.links.push(shownLink(link));
        slot.rates.push(speed);
        slots.set(device, slot);
    }
    return [...slots.values()];
}

const pcieUndersized = stackRule({
    id: "pcie-undersized",
    title: "The slot of a NIC carries what its wires do.",
    severity: "medium",
    level: { default: "advisory" },
    why: "A NIC of 100 Gbit/s in a slot of PCIe 3 x8 ends at 57 Gbit/s, with idle CPUs and room on the wire: nothing that is counted says why. The ports of one card share its slot.",
    sources: ["PCI Express base specifications: line code and packet headers, at a payload of 256 byte"],
    url: "https://man7.org/linux/man-pages/man8/lspci.8.html",
    tags: ["capacity", "hardware"],
    parameters: {
        percent: {
            describe: "Least that a slot carries, of the rate of the links in it [%].",
            value: { default: 100 },
            minimum: 10,
            maximum: 200,
        },
    },
    judge(stack, each, { percent }) {
        for (const resource of stack.of("kvmnet:index:Uplink"))
            each(resource, "its slots", () => {
                // Of such a bond one link works at a time.
                const oneWorks = known(at(resource.props, "bond", "mode")) === "active-backup";
                for (const { links, rates, generation, lanes } of slotsOf(resource.props)) {
                    if (!PCIE_GENERATIONS.includes(generation))
                        throw new NotKnown(`what PCIe ${generation} carries is not known`);
                    const wanted = oneWorks ? Math.max(...rates) : rates.reduce((sum, rate) => sum + rate, 0);
                    const { effective } = pcieCapacity(generation, lanes);
                    if (effective * 100 >= wanted * percent) continue;
                    return {
                        found: `PCIe ${generation} x${lanes} of ${links.join(" and ")} carries ${shownRate(effective)}, and the wire ${shownRate(wanted)}`,
                        set: "Move the card to a slot with more lanes or of a newer generation, or count on less.",
                    };
                }
                return undefined;
            });
    },
    fix: "Put the card into a slot that carries its rate.",
    examples: {
        good: [
            [uplink({ rate: "100Gbit", pcieGeneration: 3, pcieLanes: 16 })],
            [uplink({ rate: "100Gbit" })],
            [
                uplink({
                    links: ["ens1f0", "ens1f1"],
                    bond: { mode: "active-backup" },
                    nics: {
                        ens1f0: { speed: 25000, busAddress: "0000:3b:00.0", pcie: { generation: 3, lanes: 4 } },
                        ens1f1: { speed: 25000, busAddress: "0000:3b:00.1", pcie: { generation: 3, lanes: 4 } },
                    },
                }),
            ],
        ],
        bad: [
            [uplink({ rate: "100Gbit", pcieGeneration: 3, pcieLanes: 8 })],
            [
                uplink({
                    links: ["ens1f0", "ens1f1"],
                    bond: { mode: "802.3ad" },
                    nics: {
                        ens1f0: { speed: 25000, busAddress: "0000:3b:00.0", pcie: { generation: 3, lanes: 4 } },
                        ens1f1: { speed: 25000, busAddress: "0000:3b:00.1", pcie: { generation: 3, lanes: 4 } },
                    },
                }),
            ],
        ],
    },
});

export const slotRules = [pcieUndersized];
