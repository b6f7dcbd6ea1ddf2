/** `kvmnet explain`: what a NIC gets for these facts, each value with its reason. It asks no host. */
import Table from "cli-table3";
import { parsed } from "../../schemas/problems";
import { TuningInput } from "../../schemas/tuning";
import { tune, type Tuning } from "../../tuning/tune";
import type { Tuned } from "../../tuning/value";

/** Options as a person types them; numbers still as text. */
export interface ExplainOptions {
    vcpus?: string;
    json?: boolean;
    [option: string]: string | boolean | undefined;
}

/** @throws Error that says what to ask where nothing is asked; InputError with every option that is wrong */
export function run({ json, ...options }: ExplainOptions): number {
    if (Object.keys(options).length === 0)
        throw new Error(
            "Say how many vCPUs the guest has (kvmnet explain --vcpus 8), or name a rule (kvmnet explain ring-undersized; kvmnet lint --list lists them).",
        );
    const tuning = tune(parsed(TuningInput, inputOf(options), "kvmnet explain"));
    process.stdout.write(json ? `${JSON.stringify(flat(tuning), null, 4)}\n` : `${table(flat(tuning))}\n`);
    return 0;
}

/** Option to property, text to number where it is one; what is neither is told by the schema. */
function inputOf(options: Record<string, string | boolean | undefined>): unknown {
    const { hostCpus, threadsPerCore, ...rest } = options;
    const uplink = Object.entries(rest).filter(([key]) => key.startsWith("uplink"));
    const own = Object.entries(rest).filter(([key]) => !key.startsWith("uplink"));
    const first = (key: string) => key.charAt(6).toLowerCase() + key.slice(7);
    return {
        ...Object.fromEntries(own.map(([key, value]) => [key, plain(value)])),
        ...(hostCpus === undefined && threadsPerCore === undefined
            ? {}
            : {
                  host: {
                      ...(hostCpus === undefined ? {} : { cpus: hostCpus }),
                      ...(threadsPerCore === undefined ? {} : { threadsPerCore: plain(threadsPerCore) }),
                  },
              }),
        ...(uplink.length === 0
            ? {}
            : { uplink: Object.fromEntries(uplink.map(([key, value]) => [first(key), plain(value)])) }),
    };
}

const plain = (value: string | boolean | undefined) =>
    typeof value === "string" && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;

/** One level: the values of placement and uplink beside the rest. */
function flat({ placement, uplink, ...tuning }: Tuning): Record<string, Tuned<unknown>> {
    const within = (place: string, values: object | undefined) =>
        Object.entries(values ?? {}).map(([key, value]) => [`${place}.${key}`, value as Tuned<unknown>] as const);
    return {
        ...tuning,
        ...Object.fromEntries([...within("placement", placement), ...within("uplink", uplink)]),
    };
}

/** The longest name, and the spaces beside it [characters]. */
const NAME_WIDTH = 25;
/** The longest word of a value or a source still fits into the least; lines longer than the most are hard to read [characters]. */
const [LEAST_WIDTH, MOST_WIDTH] = [80, 110];
const BORDERS = 3;

function table(values: Record<string, Tuned<unknown>>, terminal = process.stdout.columns ?? MOST_WIDTH): string {
    const width = Math.max(LEAST_WIDTH, Math.min(MOST_WIDTH, terminal));
    const drawn = new Table({
        head: ["", "value, why, costs, source"],
        colWidths: [NAME_WIDTH, width - NAME_WIDTH - BORDERS],
        wordWrap: true,
        style: { head: [], border: [] },
    });
    for (const [name, { value, reason, source, cost }] of Object.entries(values)) {
        const costs = costText(cost);
        drawn.push([name, [shown(value), reason, ...(costs ? [`Costs ${costs}.`] : []), `[${source}]`].join("\n")]);
    }
    return drawn.toString();
}

function shown(value: unknown): string {
    if (value === null) return "-";
    if (typeof value === "number")
        return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
    if (typeof value === "string") return value;
    if (typeof value !== "object") return JSON.stringify(value);
    const parts = Array.isArray(value)
        ? value.map(shown).join(", ")
        : Object.entries(value)
              .map(([key, each]) => `${key}: ${shown(each)}`)
              .join("\n");
    return parts || "none";
}

const costText = (cost: Tuned<unknown>["cost"]): string =>
    [
        cost?.bytes === undefined ? "" : `${(cost.bytes / 2 ** 20).toFixed(1)} MiB`,
        cost?.vectors === undefined ? "" : `${cost.vectors} vectors`,
        cost?.cpu ?? "",
    ]
        .filter(Boolean)
        .join(", ");
