/** What every measure of ports stands on: a lab, the plugin that works in it, and both gone afterwards. */
import { Plugin } from "../../test/provider/plugin";
import { BenchLab } from "./bench-lab";
import { Program } from "./ours";
import { Service } from "./service";

export interface BenchHost {
    lab: BenchLab;
    plugin: Plugin;
    service: Service;
    /** A program of its own on this host. @param inFlight steps that are under way at a time */
    program: (inFlight?: number) => Program;
}

/** @param name of the lab; nobody else's lab may have it */
export async function withBenchHost<Result>(name: string, work: (host: BenchHost) => Promise<Result>): Promise<Result> {
    const lab = await BenchLab.up(name);
    try {
        return await withPlugin(lab, (plugin, service) =>
            work({ lab, plugin, service, program: (inFlight) => new Program(service, inFlight) }),
        );
    } finally {
        await lab.down();
    }
}

/** A plugin that was never asked before. */
export async function withPlugin<Result>(
    lab: BenchLab,
    work: (plugin: Plugin, service: Service) => Promise<Result>,
): Promise<Result> {
    const plugin = await Plugin.start(lab.host);
    const service = new Service(plugin);
    try {
        return await work(plugin, service);
    } finally {
        service.close();
        await plugin.stop();
    }
}
