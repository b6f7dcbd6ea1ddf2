/** One stack of a walk: its program, its state, and the plugin that works for it now. */
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive } from "../../../lab/processes";
import type { ProcessIdentity } from "../../../schemas/lab-record";
import { Plugin } from "../../provider/plugin";
import { descendants } from "../../support/descendants";
import type { FaultLab } from "./fault-lab";
import { Stack } from "./stack";
import type { Walk } from "./walk";

export class Side {
    readonly stack: Stack;

    private constructor(
        private readonly lab: FaultLab,
        readonly walk: Walk,
        /** Answers checks and diffs, and is never killed. */
        private readonly judge: Plugin,
        private plugin: Plugin,
        /** Started ahead, so that a kill costs little. */
        private next: Promise<Plugin>,
    ) {
        this.stack = new Stack(judge);
    }

    /** @param name of the stack */
    static async start(lab: FaultLab, name: string, walk: Walk): Promise<Side> {
        const [judge, plugin] = await Promise.all([pluginOf(lab, name), pluginOf(lab, name)]);
        return new Side(lab, walk, judge, plugin, pluginOf(lab, name));
    }

    /** Runs the program. @returns what failed, by name */
    up(names?: string[]): Promise<Map<string, Error>> {
        return this.stack.up(this.plugin, this.walk.program, names);
    }

    refresh(names?: string[]): Promise<void> {
        return this.stack.refresh(this.plugin, names);
    }

    /** Runs the program, and kills the plugin so long after it began [ms]. @returns whether it was at work then */
    async killed(afterMs: number, names: string[]): Promise<boolean> {
        const doing = this.up(names);
        await sleep(afterMs);
        const { isAtWork } = this.stack;
        await this.plugin.kill();
        await doing;
        await this.another();
        return isAtWork;
    }

    /**
     * Runs the program, and ends one of the programs that the plugin starts for it, as where memory is short.
     *
     * @param others so many that it starts are left alone first; where it starts no more, none is ended
     * @returns      what failed, by name, and whether one was ended
     */
    async withoutAProgram(others: number, names: string[]): Promise<[errors: Map<string, Error>, isHit: boolean]> {
        const known = new Set(this.programs().map(({ pid }) => pid));
        let [isDone, isHit] = [false, false];
        const doing = this.up(names).finally(() => (isDone = true));
        for (let left = others; !isDone && !isHit; await sleep(1)) {
            const started = this.programs().filter(({ pid }) => !known.has(pid));
            for (const { pid } of started) known.add(pid);
            left -= started.length;
            const last = left < 0 && this.stack.isAtWork ? started.at(-1) : undefined;
            if (!last || !isAlive(last)) continue;
            process.kill(last.pid, "SIGKILL");
            isHit = true;
        }
        return [await doing, isHit];
    }

    /** Programs that work for the plugin, without those that only started them. */
    private programs(): ProcessIdentity[] {
        return descendants(this.plugin.process.pid ?? 0).filter(({ pid }) => descendants(pid).length === 0);
    }

    /** As the next command of the engine begins: with a plugin of its own. */
    async renew(): Promise<void> {
        await this.plugin.stop();
        await this.another();
    }

    async stop(): Promise<void> {
        await Promise.all([this.judge, this.plugin, await this.next].map((plugin) => plugin.stop()));
    }

    private async another(): Promise<void> {
        this.plugin = await this.next;
        this.next = pluginOf(this.lab, this.plugin.stack);
        this.next.catch(() => undefined);
    }
}

async function pluginOf({ host }: FaultLab, stack: string): Promise<Plugin> {
    const plugin = await Plugin.start(host);
    plugin.stack = stack;
    return plugin;
}
