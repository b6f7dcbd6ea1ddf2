/** One link of a host with all that its NIC takes. */
import { GetNicInputs, GetNicOutputs } from "../../schemas/facts";
import type { HostFunction } from "../function";
import { HostError } from "../host/errors";
import { Ethtool } from "../host/ethtool";
import { readHardware } from "../host/hardware";
import { readTuning } from "../host/link-tuning";
import { linkFacts } from "./link-facts";

export const getNic: HostFunction<GetNicInputs, GetNicOutputs> = {
    token: "kvmnet:host:getNic",
    description: "One link of a host with all that `Link` can tune on it, and the most that its hardware takes.",
    inputs: GetNicInputs,
    outputs: GetNicOutputs,

    async run(host, { name }) {
        const link = (await host.links()).get(name);
        if (!link)
            throw new HostError(
                "missing",
                `link ${name}`,
                `it is not on ${host.where}`,
                "Correct the name; the function getLinks tells which there are.",
            );
        const [tuned, hardware, driver] = await Promise.all([
            readTuning(host.place, link),
            readHardware(host.files, [name]).then((found) => found.get(name)),
            new Ethtool(host.place, name).driver(),
        ]);
        const { rings, channels, coalesce, features, queues } = tuned;
        const [facts] = await linkFacts(host, [link], () => ({ hardware, rings, channels }));
        const some = {
            driver: facts?.driver ?? driver.driver,
            driverVersion: driver.version,
            firmware: driver.firmware,
            virtualFunctions: hardware?.virtualFunctions,
            virtualFunctionsMax: hardware?.virtualFunctionsMax,
            coalesce: Object.keys(coalesce).length > 0 ? coalesce : undefined,
            features:
                features.size > 0
                    ? Object.fromEntries(
                          [...features].map(([feature, { active, fixed }]) => [feature, { active, fixed }]),
                      )
                    : undefined,
            rpsCpus: queues.rps.length > 0 ? queues.rps : undefined,
            xpsCpus: queues.xps.length > 0 ? queues.xps : undefined,
        };
        return GetNicOutputs.parse({
            ...facts,
            ...Object.fromEntries(Object.entries(some).filter(([, value]) => value !== undefined)),
            rxQueues: queues.rps.length,
            txQueues: Math.max(1, queues.xps.length),
        });
    },
};
