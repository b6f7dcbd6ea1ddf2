/** Carries out a plan: step by step, neighbours in one batch, and back again where a step is refused. */
import { faultPoint } from "../fault";
import { belonging } from "../owner";
import type { Action, Plan, Step } from "../plan";
import { BatchCut, LineRefused } from "./batch";
import { HostError, InputRefused, shownName } from "./errors";
import type { Host } from "./index";
import { NotKept } from "./kept-flows";
import { effectOnLinks, takenUpBy } from "./link-effect";
import { endText, judged } from "./lookup-change";
import { connectionText } from "./operators";
import { asLeft } from "./others-at-work";
import { numberOf } from "./ovsdb/columns";
import { resolved } from "./ovsdb/operations";
import { passing, stopped, tracing, type Probe } from "./switch-ways";
import { toldLate } from "./told-late";
import { untilTold } from "./until-told";

/**
 * Every step of the plan, or none that can be taken back: where one is refused, those before it are undone in reverse
 * order. A lost connection or a cancelled run undoes nothing: what happened is not known, or is to be finished later.
 * So does a change that is in the switch and could only not be written down: its notes have to tell whose it is.
 * Of lines whose program was ended, all that may have been done is undone: a link may be there that carries no mark yet.
 *
 * @param look called while the switch takes up what the plan has made of links, which are read back then
 * @throws HostError of the step that failed; its text tells what could not be undone
 */
export async function carryOut(
    host: Host,
    subject: string,
    plan: Plan,
    look: () => Promise<unknown> = () => host.links(),
): Promise<void> {
    const done: Step[] = [];
    for (const whole of grouped(plan)) {
        if (host.signal?.aborted)
            throw new HostError(
                "cancelled",
                subject,
                "the run was cancelled between two of its steps",
                "Run the same command again to finish it.",
            );
        const group = await due(host, whole);
        if (group.length === 0) continue;
        const action = merged(group);
        const effect = effectOnLinks(action);
        let isDone = false;
        try {
            await checkAll(host, subject, group);
            const probes = group.some(({ keepsWays }) => keepsWays) ? await passing(host) : [];
            // What the plan has made of links is read back while the switch takes them up.
            const readsBack = effect === "plugged" && done.some(changesLinks);
            const meanwhile = () => void (readsBack && look().catch(() => undefined));
            await toldLate(
                (message) => host.status(message),
                group[0]?.what ?? "works",
                () => act(host, subject, action, meanwhile),
            );
            isDone = true;
            if (effect === "changed") host.kernel.written();
            else if (effect === "plugged") host.kernel.plugged(takenUpBy(action));
            await untilAllTold(host, group);
            const probe = await stopped(host, probes);
            if (probe) throw unswitched(subject, probe);
            for (const { keepsLookup } of group) if (keepsLookup) await keepLookup(host, subject, keepsLookup);
        } catch (error) {
            if (error instanceof NotKept) throw error;
            if (!(error instanceof HostError) || !(isRefusal(error) || error instanceof BatchCut)) throw error;
            throw await takenBack(host, subject, [...done, ...(isDone ? group : begun(group, error))], error);
        }
        faultPoint();
        done.push(...group);
    }
}

/** By the host, or by us, for what is there is somebody else's. */
const isRefusal = ({ kind }: HostError): boolean => kind === "refused" || kind === "conflict";

/** Those that are not left out. */
async function due(host: Host, steps: Step[]): Promise<Step[]> {
    if (!steps.some(({ onlyWith }) => onlyWith)) return steps;
    const links = await host.links();
    return steps.filter(({ onlyWith }) => !onlyWith || links.get(onlyWith.link)?.index === onlyWith.index);
}

async function untilAllTold(host: Host, steps: Step[]): Promise<void> {
    const all = steps.flatMap(({ told = [] }) => told);
    if (all.length > 0)
        await untilTold(host, (view) =>
            all.every(({ link, ofport }) => numberOf(view.byName("Interface", link)?.ofport) === ofport),
        );
}

/** Neighbours that go to one batch are one request; each keeps its own undo. */
function grouped(plan: Plan): Step[][] {
    const groups: Step[][] = [];
    for (const step of plan) {
        const last = groups.at(-1);
        if (last?.[0] && isBatch(step.action) && last[0].action.via === step.action.via) last.push(step);
        else groups.push([step]);
    }
    return groups;
}

const changesLinks = ({ action }: Step): boolean => action.via === "ip";

type LinesAction = Extract<Action, { lines: unknown }>;
const isBatch = (action: Action): action is LinesAction => "lines" in action;

function merged([first, ...rest]: Step[]): Action {
    const { action } = first as Step;
    if (!isBatch(action)) return action;
    return {
        ...action,
        lines: [action, ...rest.map((step) => step.action).filter(isBatch)].flatMap(({ lines }) => lines),
    };
}

/** The steps of a group of which at least one line was carried out; without a line number, all that may have been. */
function begun(group: Step[], error: HostError): Step[] {
    if (error instanceof HalfWritten || error instanceof BatchCut) return group;
    if (!(error instanceof LineRefused)) return [];
    const { at } = error;
    if (at === undefined) return group;
    let before = 0;
    return group.filter(({ action }) => {
        const starts = before;
        before += isBatch(action) ? action.lines.length : 0;
        return starts < at;
    });
}

/** A link that is in the way and carries no mark is looked at again: others may be about to mark it, or to remove it. */
async function checkAll(host: Host, subject: string, steps: Step[]): Promise<void> {
    const failed = await asLeft(
        () => failedCheck(host, steps),
        (one) => !one?.isPresent || one.whose !== undefined,
    );
    if (!failed) return;
    const { link, isPresent, whose, what } = failed;
    throw isPresent
        ? new HostError(
              "conflict",
              subject,
              `a link ${link} is on ${host.where} already${whose ? ` (${whose})` : ""}, and this ${what}`,
              "Choose another name, or remove the link.",
          )
        : new HostError(
              "missing",
              subject,
              `there is no link ${link} on ${host.where}, and this ${what}`,
              "Make it first, and pass its name on from the resource that makes it.",
          );
}

/** The first check that does not hold; nothing is read where there is none. */
async function failedCheck(host: Host, steps: Step[]) {
    if (!steps.some(({ check }) => check)) return undefined;
    const links = await host.links();
    for (const { check, what } of steps)
        if (check && links.has(check.link) !== (check.is === "present"))
            return {
                link: check.link,
                isPresent: check.is === "absent",
                whose: belonging(links.get(check.link)?.alias),
                what,
            };
    return undefined;
}

/**
 * Takes steps back, the last first. Undo that fails is told, not hidden: a person must finish it.
 *
 * @returns the error for which it is done, with what could not be taken back
 */
export async function takenBack(host: Host, subject: string, steps: Step[], error: HostError): Promise<HostError> {
    const left: string[] = [];
    for (const step of steps.reverse())
        for (const action of step.undo ?? [])
            await takeBack(host, subject, action).then(faultPoint, (cause: unknown) =>
                left.push(`${step.what}: ${messageOf(cause)}`),
            );
    if (left.length === 0) return error;
    if (error instanceof InputRefused) {
        const stays = "; and what was begun could not be taken back";
        return new InputRefused(
            error.properties,
            error.untold + stays,
            error.kind,
            subject,
            `${error.fact}${stays} (${left.join("; ")})`,
            error.next,
            error,
        );
    }
    return new HostError(
        error.kind,
        subject,
        `${error.fact}; and what was begun could not be taken back (${left.join("; ")})`,
        error.next,
        error,
    );
}

/** An undo was written before its rows were made, so it names them. */
async function takeBack(host: Host, subject: string, action: Action): Promise<void> {
    if (isBatch(action)) return takeBackLines(host, subject, action);
    if (action.via !== "ovsdb") return act(host, subject, action);
    const view = await host.switch();
    const operations = resolved(
        action.operations,
        (table, name) => (view.byName(table, name) ?? view.marked(table, name))?._uuid,
    );
    if (operations.length > 0) await act(host, subject, { ...action, operations });
}

/** Goes on after a line that is refused, for the last may be the one that sets a link up again. */
async function takeBackLines(host: Host, subject: string, action: LinesAction): Promise<void> {
    const refused: LineRefused[] = [];
    for (let { lines } = action; lines.length > 0;)
        try {
            await act(host, subject, { ...action, lines });
            break;
        } catch (error) {
            if (!(error instanceof LineRefused) || error.at === undefined) throw together([...refused, error]);
            refused.push(error);
            lines = lines.slice(error.at + 1);
        }
    if (refused.length > 0) throw together(refused);
}

const together = (errors: unknown[]): AggregateError => new AggregateError(errors, errors.map(messageOf).join("; "));

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** @param meanwhile called once the switch has been told */
async function act(host: Host, subject: string, action: Action, meanwhile?: () => void): Promise<void> {
    switch (action.via) {
        case "ip":
        case "ip -4":
        case "ip -6":
        case "bridge":
        case "tc":
            return host.kernel.change(action.via, subject, action.lines);
        case "ovsdb":
            return host.ovsdb.commit(subject, action.operations, host.timeoutMs, meanwhile);
        case "openflow":
            return host.openflow.bundle(subject, action.bridge, action.bundle, action.whole);
        case "write":
            return writeAll(host, action.files);
        case "program":
            return host.program(subject, action.argv, action.input);
        case "journal":
            return action.entry ? host.journal.put(action.key, action.entry) : host.journal.drop(action.key);
    }
}

/** What was done had cut somebody off. */
const cutOff = (subject: string, fact: string, next: string) =>
    new HostError("refused", subject, `${fact}, so it was taken back at once`, next);

/** Their connection does not pass its switch any more. */
function unswitched(subject: string, probe: Probe): HostError {
    const { operator, from, to, bridge } = probe;
    return cutOff(
        subject,
        `${connectionText(operator)} runs through the bridge ${shownName(bridge)}, where what comes in at ${shownName(from)} no longer reached ${to.map(shownName).join(" or ")}`,
        `\`ovs-appctl ${tracing(probe).join(" ")}\` tells what becomes of such a packet. Let it pass, or set takesOperatorPath: true if that is meant and you have another way to the host.`,
    );
}

/** What was judged alone stands beside what others have changed meanwhile. @throws HostError refused */
async function keepLookup(
    host: Host,
    subject: string,
    { change, ways }: NonNullable<Step["keepsLookup"]>,
): Promise<void> {
    const lost = (await judged(host, ways, change, true)).find(({ isCertain }) => isCertain);
    if (!lost) return;
    const { way, end } = lost;
    throw cutOff(
        subject,
        `with what else changed at the same moment, ${connectionText(way.operator)}, which goes over ${way.links.join(", ")}, would ${endText(end)}`,
        "Have one of the rules, routes and addresses that come or go together depend on the other (`dependsOn`) to see which of them it is, or set takesOperatorPath: true if that is meant and you have another way to the host.",
    );
}

/** A file was refused after others had been written. */
class HalfWritten extends HostError {
    constructor({ subject, fact, next, cause }: HostError) {
        super("refused", subject, fact, next, cause);
    }
}

async function writeAll(host: Host, files: { path: string; value: string }[]): Promise<void> {
    for (const [index, { path, value }] of files.entries())
        try {
            await host.files.write(path, value);
        } catch (error) {
            throw index > 0 && error instanceof HostError && error.kind === "refused" ? new HalfWritten(error) : error;
        }
}
