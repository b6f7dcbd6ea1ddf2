/** Puts resources right before they are made, where a user asked for it (level `remediate`) and the right value is certain. */
import { type ResourceValidationArgs, UnknownValueError } from "@pulumi/policy";
import { tuneNic } from "../tuning/nic";
import { at, plain } from "./inputs";
import { known, maybe, NotKnown } from "./known";
import { type GuestNic, nameOf, numberSaid } from "./nics/guest-nic";
import { nativeNics } from "./nics/native";
import type { Finding, TableRule } from "./rule";

type Bag = Record<string, unknown>;

/** Values by their path below an interface of the 0.9 line; undefined takes away what stands there. */
type NicRemedy = (nic: GuestNic) => Record<string, unknown>;

const LONGEST_RING = 1024;
const isRing = (size: number | undefined) => size === undefined || [256, 512, LONGEST_RING].includes(size);

/** What no guest and no switch can take amiss; a model, for one, needs a driver in the guest and is nobody's guess. */
const NICS: Readonly<Record<string, NicRemedy>> = {
    "ring-undersized": () => ({ "driver.rxQueueSize": LONGEST_RING }),
    "ring-valid": (nic) => ({
        ...(isRing(known(nic.rxRing)) ? {} : { "driver.rxQueueSize": LONGEST_RING }),
        ...(isRing(numberSaid(nic, "txRing")) ? {} : { "driver.txQueueSize": undefined }),
    }),
    "ring-tx-backend": () => ({ "driver.txQueueSize": undefined }),
    "queues-missing": (nic) => ({ "driver.queues": tuneNic(known(nic.guest.vcpus)).queues.value }),
    "jumbo-mrg-rxbuf": () => ({ "driver.host.mrgRxBuf": undefined }),
};

/** Values of whole resources. */
const RESOURCES: Readonly<Record<string, Bag>> = { "bond-monitor": { miimon: 100 } };

/** Whether a rule can be set to `remediate`. */
export const isRemediable = (id: string): boolean => id in NICS || id in RESOURCES;

/**
 * All inputs of the resource with what the rule refuses put right; undefined where there is nothing, where something of
 * the resource is not known yet, and in the 0.8 line, whose stylesheet is the user's own text.
 *
 * @param isExempted whether somebody accepted a finding, which then stays as it is
 */
export function remediated(
    rule: TableRule,
    args: ResourceValidationArgs,
    isExempted: (finding: Finding) => boolean,
): Bag | undefined {
    const { props } = args;
    const inputs = plain(props, (error) => error instanceof UnknownValueError);
    if (!rule.types.includes(args.type) || holdsUnknown(inputs)) return undefined;
    const violations = rule
        .judge(inputs, args.getConfig())
        .filter((one) => one.kind === "violation" && !isExempted(one));
    if (violations.length === 0) return undefined;
    const whole = RESOURCES[rule.id];
    if (whole) return { ...props, ...whole };
    const remedy = NICS[rule.id];
    const interfaces = at(inputs, "devices", "interfaces");
    if (!remedy || !Array.isArray(interfaces)) return undefined;
    const subjects = new Set(violations.map(({ subject }) => subject));
    const nics = nativeNics(inputs);
    const raw = at(props, "devices", "interfaces") as unknown[];
    const better = raw.map((nic, index) => {
        const read = nics[index];
        if (!read || read instanceof NotKnown || !subjects.has(nameOf(read))) return nic;
        const values = maybe(() => remedy(read));
        return values instanceof NotKnown
            ? nic
            : Object.entries(values).reduce((bag, [path, value]) => put(bag, path.split("."), value), nic as Bag);
    });
    return { ...props, devices: { ...(props.devices as Bag), interfaces: better } };
}

/** A copy with one value changed; the rest is the same object. */
function put(bag: Bag, [key = "", ...rest]: string[], value: unknown): Bag {
    if (rest.length > 0) return { ...bag, [key]: put((bag[key] ?? {}) as Bag, rest, value) };
    const others = Object.fromEntries(Object.entries(bag).filter(([name]) => name !== key));
    return value === undefined ? others : { ...others, [key]: value };
}

const holdsUnknown = (value: unknown): boolean =>
    value instanceof NotKnown ||
    (typeof value === "object" && value !== null && Object.values(value).some(holdsUnknown));
