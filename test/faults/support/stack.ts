/** A stack as the engine keeps it, in miniature: asks for what differs, and knows of a step only what it was told. */
import type { Bag } from "../../../provider/wire";
import { unfinishedOf, type Made, type Plugin } from "../../provider/plugin";

/** One resource of a program, under its logical name. */
export interface Declared {
    type: string;
    inputs: Bag;
    /** Logical names of those that must be there first. */
    needs?: string[];
}
export type Program = Readonly<Record<string, Declared>>;

interface Kept {
    declared: Declared;
    made: Made;
    /** Made or changed, and not as it should be: the next run works on it whatever a diff says. */
    broken: boolean;
}

export class Stack {
    readonly kept = new Map<string, Kept>();
    private unanswered = 0;

    /**
     * @param judge answers checks and diffs, which change nothing: so the points at which another plugin dies are those
     *              of its work
     */
    constructor(private readonly judge: Plugin) {}

    /** Whether a plugin was asked for a change and has not answered yet. */
    get isAtWork(): boolean {
        return this.unanswered > 0;
    }

    /**
     * Brings the host to the program, and then removes what is no longer in it.
     *
     * @param only names to look at, and what they need and the state does not have; all of them where it is absent
     * @returns    what failed, by name
     */
    async up(plugin: Plugin, program: Program, only = Object.keys(program)): Promise<Map<string, Error>> {
        const errors = new Map<string, Error>();
        const done = new Map<string, Promise<boolean>>();
        const once = (name: string): Promise<boolean> => {
            const running = done.get(name) ?? this.after(program[name] as Declared, name, needed, errors, plugin);
            done.set(name, running);
            return running;
        };
        const needed = (name: string) =>
            this.kept.has(name) && !only.includes(name) ? Promise.resolve(true) : once(name);
        await Promise.all(only.filter((name) => name in program).map(once));
        await this.sweep(plugin, program, errors);
        return errors;
    }

    /** Takes from the host how each object is; what is gone is forgotten. */
    async refresh(plugin: Plugin, only = [...this.kept.keys()]): Promise<void> {
        await Promise.all(
            [...this.kept]
                .filter(([name]) => only.includes(name))
                .map(async ([name, kept]) => {
                    const { declared, made } = kept;
                    try {
                        const seen = await plugin.read(declared.type, name, made.id, declared.inputs, made.state);
                        if (seen.id === "") this.kept.delete(name);
                        else kept.made = { id: seen.id, state: seen.state };
                    } catch (error) {
                        this.unfinished(name, declared, error);
                    }
                }),
        );
    }

    /** Names of what another run of the program would change. */
    async differing(program: Program): Promise<string[]> {
        const judged = Object.entries(program).map(async ([name, { type, inputs: given }]) => {
            const was = this.kept.get(name);
            if (!was || was.broken) return [name];
            const { inputs } = await this.judge.check(type, given);
            const { diffsList } = await this.judge.diff(type, was.made.state, inputs, name);
            return diffsList.length > 0 ? [`${name}: ${diffsList.join()}`] : [];
        });
        return (await Promise.all(judged)).flat();
    }

    /** Owner marks of all that the state holds, by logical name. */
    owners(): Map<string, string> {
        return new Map([...this.kept].map(([name, { made }]) => [name, String(made.state.owner)]));
    }

    private async after(
        declared: Declared,
        name: string,
        needed: (name: string) => Promise<boolean>,
        errors: Map<string, Error>,
        plugin: Plugin,
    ): Promise<boolean> {
        if (!(await Promise.all((declared.needs ?? []).map(needed))).every(Boolean)) return false;
        return this.step(() => this.bring(plugin, name, declared), name, declared, errors);
    }

    private async step(
        work: () => Promise<void>,
        name: string,
        declared: Declared,
        errors: Map<string, Error>,
    ): Promise<boolean> {
        try {
            await work();
            return true;
        } catch (error) {
            this.unfinished(name, declared, error);
            errors.set(name, error as Error);
            return false;
        }
    }

    /** What an error says of an object that is there is kept, as the engine does. */
    private unfinished(name: string, declared: Declared, error: unknown): void {
        const left = unfinishedOf(error);
        if (left) this.kept.set(name, { declared, made: { id: left.id, state: left.state }, broken: true });
    }

    private async bring(plugin: Plugin, name: string, declared: Declared): Promise<void> {
        const { type } = declared;
        const { inputs, failures } = await this.judge.check(type, declared.inputs);
        if (Object.keys(failures).length > 0) throw new Error(JSON.stringify(failures));
        let was = this.kept.get(name);
        const diff = was && (await this.judge.diff(type, was.made.state, inputs, name));
        if (was && diff && diff.replacesList.length > 0) {
            await this.remove(plugin, name);
            was = undefined;
        }
        if (!was) {
            const made = await this.answer(plugin.create(type, name, inputs, { checked: true, timeout: TIMEOUT_S }));
            this.kept.set(name, { declared, made, broken: false });
        } else if (was.broken || diff?.diffsList.length) {
            const { made } = was;
            const state = await this.answer(
                plugin.update(type, name, made, inputs, { checked: true, timeout: TIMEOUT_S }),
            );
            this.kept.set(name, { declared, made: { id: made.id, state }, broken: false });
        }
    }

    private async answer<Answer>(change: Promise<Answer>): Promise<Answer> {
        this.unanswered++;
        try {
            return await change;
        } finally {
            this.unanswered--;
        }
    }

    /** Those that need it go first: it is deleted before it is replaced, and each of them names it. */
    private async remove(plugin: Plugin, name: string): Promise<void> {
        const kept = this.kept.get(name);
        if (!kept) return;
        const dependents = [...this.kept].filter(([, { declared }]) => declared.needs?.includes(name));
        await Promise.all(dependents.map(([dependent]) => this.remove(plugin, dependent)));
        await this.answer(plugin.delete(kept.declared.type, name, kept.made, TIMEOUT_S));
        this.kept.delete(name);
    }

    /** Dependents first. */
    private async sweep(plugin: Plugin, program: Program, errors: Map<string, Error>): Promise<void> {
        const left = new Map([...this.kept].filter(([name]) => !(name in program)));
        while (left.size > 0) {
            const needed = new Set([...left.values()].flatMap(({ declared }) => declared.needs ?? []));
            const free = [...left].filter(([name]) => !needed.has(name));
            await Promise.all(
                free.map(([name, { declared }]) => this.step(() => this.remove(plugin, name), name, declared, errors)),
            );
            for (const [name] of free) left.delete(name);
        }
    }
}

/** A switch that is stopped in a test stays so for less than this [s]. */
const TIMEOUT_S = 20;
