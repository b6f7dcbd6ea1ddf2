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

/** @throws InputError with every option that is wrong */
export function run({ json, ...options }: ExplainOptions): number {
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
        ...(hostCpus === undefined
            ? {}
            : {
                  host: {
                      cpus: hostCpus,
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

function table(values: Record<string, Tuned<unknown>>): string {
    const drawn = new Table({
        head: ["", "value", "why", "costs", "source"],
        colWidths: [16, 22, 52, 20, 36],
        wordWrap: true,
        style: { head: [], border: [] },
    });
    for (const [name, { value, reason, source, cost }] of Object.entries(values))
        drawn.push([name, shown(value), reason, costText(cost), source]);
    return drawn.toString();
}

function shown(value: unknown): string {
    if (value === null) return "-";
    if (typeof value === "number")
        return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
    return typeof value === "string" ? value : JSON.stringify(value);
}

const costText = (cost: Tuned<unknown>["cost"]): string =>
    [
        cost?.bytes === undefined ? "" : `${(cost.bytes / 2 ** 20).toFixed(1)} MiB`,
        cost?.vectors === undefined ? "" : `${cost.vectors} vectors`,
        cost?.cpu ?? "",
    ]
        .filter(Boolean)
        .join(", ");
