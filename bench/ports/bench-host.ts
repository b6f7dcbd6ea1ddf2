/** What every measure of ports stands on: a lab, the plugins that work in it, and all of it gone afterwards. */
import { Plugin } from "../../test/provider/plugin";
import { BenchLab } from "./bench-lab";
import { Program } from "./ours";
import { Service } from "./service";

/** What stands for the ports in a program. */
export type Declared = "Ports" | "PortSet";

export interface BenchHost {
    lab: BenchLab;
    /** The plugin of a program: one that has served another kind would refuse to see the same names declared twice. */
    plugin: (declared: Declared) => Plugin;
    /** @param inFlight steps that are under way at a time */
    program: (declared: Declared, inFlight?: number) => Program;
}

/** @param name of the lab; nobody else's lab may have it */
export async function withBenchHost<Result>(name: string, work: (host: BenchHost) => Promise<Result>): Promise<Result> {
    const lab = await BenchLab.up(name);
    try {
        return await withPlugin(lab, (ofPorts) =>
            withPlugin(lab, (ofSet) => {
                const served = { Ports: ofPorts, PortSet: ofSet };
                return work({
                    lab,
                    plugin: (declared) => served[declared].plugin,
                    program: (declared, inFlight) => new Program(served[declared], inFlight),
                });
            }),
        );
    } finally {
        await lab.down();
    }
}

/** A plugin that was never asked before. */
export async function withPlugin<Result>(lab: BenchLab, work: (service: Service) => Promise<Result>): Promise<Result> {
    const plugin = await Plugin.start(lab.host);
    const service = new Service(plugin);
    try {
        return await work(service);
    } finally {
        service.close();
        await plugin.stop();
    }
}
