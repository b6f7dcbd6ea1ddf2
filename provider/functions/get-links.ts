/** The links of a host. */
import { GetLinksInputs, GetLinksOutputs } from "../../schemas/facts";
import type { HostFunction } from "../function";
import { readAllNics } from "../host/ethtool";
import { readHardware } from "../host/hardware";
import { linkFacts } from "./link-facts";

export const getLinks: HostFunction<GetLinksInputs, GetLinksOutputs> = {
    token: "kvmnet:host:getLinks",
    description:
        "The links of a host: what they are, where they are plugged in, who else manages them; of hardware also driver, " +
        "speed, rings and channels with the hardware's maximum, NUMA node and PCI Express link.",
    inputs: GetLinksInputs,
    outputs: GetLinksOutputs,

    async run(host, { physical }) {
        const links = [...(await host.links()).values()].sort((a, b) => a.index - b.index);
        const [hardware, nics] = await Promise.all([
            readHardware(
                host.files,
                links.map(({ name }) => name),
            ),
            readAllNics(host.place),
        ]);
        const told = links.filter(({ name }) => !physical || hardware.get(name)?.physical);
        return {
            links: await linkFacts(host, told, (name) => ({
                hardware: hardware.get(name),
                rings: nics.rings.get(name),
                channels: nics.channels.get(name),
            })),
        };
    },
};
