/**
 * `npm run bench`: one line per claim; `-- GROUP ...` for some of the groups, `-- --json` for programs, with the
 * machine described, `-- --markdown` for tables, `-- --page` to write them into docs/performance.md.
 */
import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import type { EngineEnvironment } from "../engine";
import { prepare } from "../test/prepare";
import { labMeasure } from "./lab";
import { acrossNics, cold, manyFiles } from "./lint";
import { contested, contestOf, type Contest, type Measured } from "./measure";
import { writeParts } from "./page";
import { packedPreview, packStart } from "./policies";
import { changes } from "./ports/changes";
import { lone } from "./ports/lone";
import { makeAndRemove, SIZES } from "./ports/make-and-remove";
import { growth, memory } from "./ports/own-share";
import { reads } from "./ports/reads";
import { workedOn } from "./ports/worked-on";
import { previewMeasure } from "./preview";
import { providerMeasure } from "./provider-start";
import { besideAnsible } from "./through-engine/beside-ansible";
import { setBesideMany, throughEngine } from "./through-engine/engine";
import { upMeasure } from "./up";

const GROUPS: Readonly<Record<string, (engine: EngineEnvironment) => Contest[]>> = {
    start: () => [contestOf(providerMeasure())],
    lab: () => [contestOf(labMeasure())],
    preview: (engine) => [contestOf(previewMeasure(engine))],
    policies: (engine) => [contestOf(packStart()), packedPreview(engine)],
    up: () => [contestOf(upMeasure())],
    ports: () => SIZES.map((size) => makeAndRemove(size)),
    "worked-on": () => [workedOn()],
    lone: () => [lone()],
    changes: () => [changes("Ports"), changes("PortSet")],
    reads: () => [reads()],
    share: () => [growth(), memory()],
    engine: () => [throughEngine(), setBesideMany()],
    ansible: () => [besideAnsible()],
    lint: () => [manyFiles(), cold(), acrossNics()],
};

/** @returns exit status: 0 when every bound is held */
export async function main(args: string[]): Promise<number> {
    const options = args.filter((arg) => arg.startsWith("--"));
    const named = args.filter((arg) => !arg.startsWith("--"));
    const unknown = [...named.filter((name) => !(name in GROUPS)), ...options.filter((name) => !(name in FORMS))];
    if (unknown.length > 0)
        throw new Error(
            `${unknown.join(", ")}: there is no such group or form. ` +
                `Groups: ${Object.keys(GROUPS).join(", ")}; forms: ${Object.keys(FORMS).join(", ")}.`,
        );
    const form = FORMS[options[0] ?? ""] ?? asLines;
    const engine = await prepare();
    const found = new Map<string, Measured[]>();
    for (const name of named.length > 0 ? named : Object.keys(GROUPS)) {
        const results: Measured[] = [];
        found.set(name, results);
        for (const contest of GROUPS[name]?.(engine) ?? []) {
            const measured = await contested(contest);
            results.push(...measured);
            form.each?.(measured);
        }
    }
    await form.end?.(found);
    return [...found.values()].flat().every(({ held }) => held) ? 0 : 1;
}

interface Form {
    /** After each contest. */
    each?(results: Measured[]): void;
    /** After the last, with what each group found. */
    end?(groups: ReadonlyMap<string, Measured[]>): void | Promise<void>;
}

const print = (text: string) => void process.stdout.write(`${text}\n`);

const asLines: Form = { each: (results) => results.forEach((result) => print(line(result))) };

const FORMS: Readonly<Record<string, Form>> = {
    "--json": {
        end: (groups) => print(JSON.stringify({ machine: machine(), measures: [...groups.values()].flat() }, null, 4)),
    },
    "--markdown": {
        end: (groups) => {
            print(described());
            for (const [name, results] of groups) print(`\n### ${name}\n\n${table(results)}`);
        },
    },
    "--page": {
        ...asLines,
        end: (groups) =>
            writeParts(
                new Map([
                    ["machine", described()],
                    ...[...groups].map(([name, results]): [string, string] => [name, table(results)]),
                ]),
            ),
    },
};

const table = (results: readonly Measured[]) =>
    ["| measured | ratio | bound | | spread | ours | beside |", RULE, ...results.map(row)].join("\n");

const RULE = "| --- | ---: | ---: | --- | --- | ---: | ---: |";

function line({ name, but, ratio, bound, held, spread: [least, most], ours, theirs, unit, rounds }: Measured): string {
    const verdict = bound === undefined ? "no bound" : `bound ${factor(bound)}, ${held ? "held" : "NOT HELD"}`;
    return (
        `${name}: ${factor(ratio)}, ${verdict}, spread ${factor(least)} to ${factor(most)} over ${rounds} rounds ` +
        `(${amount(ours, unit)} beside ${amount(theirs, unit)})${but === undefined ? "" : `; ${but}`}`
    );
}

function row({ name, but, ratio, bound, held, spread: [least, most], ours, theirs, unit }: Measured): string {
    const cells = [
        but === undefined ? name : `${name}; ${but}`,
        factor(ratio),
        bound === undefined ? "" : factor(bound),
        bound === undefined ? "" : held ? "held" : "**not held**",
        `${factor(least)} to ${factor(most)}`,
        amount(ours, unit),
        amount(theirs, unit),
    ];
    return `| ${cells.join(" | ")} |`;
}

/** Small ratios need their digits: a thirtieth is 0.033. */
const factor = (ratio: number) => `${ratio < 0.2 ? ratio.toFixed(3) : ratio.toFixed(2)}x`;
const amount = (value: number, unit: string) => `${value < 100 ? value.toFixed(1) : value.toFixed(0)} ${unit}`;

function described(): string {
    const { cpu, cores, memoryGiB, kernel, node, openVSwitch } = machine();
    return (
        `${cores} cores of ${cpu}, ${memoryGiB} GiB of memory, Linux ${kernel}, Node.js ${node}, ` +
        `${openVSwitch} with its userspace datapath; ${new Date().toISOString().slice(0, 10)}.`
    );
}

function machine() {
    const [first] = cpus();
    return {
        cpu: first?.model ?? "unknown",
        cores: cpus().length,
        memoryGiB: Math.round(totalmem() / 2 ** 30),
        kernel: release(),
        node: process.versions.node,
        openVSwitch: execFileSync("ovs-vsctl", ["--version"], { encoding: "utf8" }).split("\n")[0],
    };
}
