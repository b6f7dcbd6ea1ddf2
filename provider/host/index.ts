/** The only code that talks to a host: its links, its switch and its settings. Reading is anybody's, writing the plugin's alone. */
import type { HostRef } from "../../schemas/host-ref";
import { HostError, quoted } from "./errors";
import { Files } from "./files";
import { Journal } from "./journal";
import { Kernel } from "./kernel";
import type { Link } from "./links";
import { FlowSpelling } from "./flow-spelling";
import { Openflow } from "./openflow";
import { Ovsdb } from "./ovsdb/client";
import { readPorts, type PortSeen } from "./ovsdb/ports";
import type { Replica } from "./ovsdb/replica";
import { patient } from "./patient";
import { placeOf, type Place } from "./place";
import { toldLate } from "./told-late";
import { traced, type Trace } from "./trace";
import { Turnout } from "./window";

/** What one step asks of a host. */
interface Terms {
    /** How old what is read may be [ms]; 0, the usual, asks anew. */
    maxAgeMs?: number;
    /**
     * What was read after this moment [performance.now(), ms] is new enough: links where we have changed none since, and
     * the copy of the switch database, in which our own changes always are.
     */
    readSince?: number;
    /** Longest wait for ovs-vswitchd [ms]. */
    timeoutMs?: number;
    status?: (message: string) => void;
}

export interface Host {
    /** As people call it: `this machine`, `lab sample`. */
    where: string;
    place: Place;
    ovsdb: Ovsdb;
    kernel: Kernel;
    openflow: Openflow;
    spelling: FlowSpelling;
    /** The steps under way that change the host: what they ask for at the same moment is gathered. */
    turnout: Turnout;
    files: Files;
    journal: Journal;
    /** Longest wait for ovs-vswitchd [ms], where a caller wants another than the usual. */
    timeoutMs?: number;
    /** Ends waiting, and a plan at the edge of its next step. */
    signal?: AbortSignal;
    /** Every link of the host by name, as fresh as the step at hand needs. */
    links(): Promise<ReadonlyMap<string, Link>>;
    /** Whether the switch has taken up a link for the step at hand: links that were read before do not tell it. */
    isTakenUp(link: string): boolean;
    /** The switch database, as fresh as the step at hand needs. */
    switch(): Promise<Replica>;
    /** What a program that only reads prints, parsed, as fresh as the step at hand needs. */
    read<Value>(argv: string[], parse: (text: string) => Value): Promise<Value>;
    /** Every port of every Open vSwitch bridge of the host. */
    ovsPorts(): Promise<PortSeen[]>;
    /** Runs a program to its end. @throws HostError refused with its words */
    program(subject: string, argv: string[], input?: string): Promise<void>;
    /** Tells a person what is being waited for. */
    status(message: string): void;
    /** The same host for one step; what a step does not say stays as it is. */
    at(step: Terms): Host;
    close(): void;
}

/**
 * Opens a host. Its switch database is connected to at the first use, so that a host without Open vSwitch serves links.
 *
 * @param signal ends waiting for ovs-vswitchd
 * @param trace  is told what is run there, and how long it took
 * @throws HostError unreachable when a lab is not up
 */
export async function openHost(ref: HostRef, signal?: AbortSignal, trace?: Trace): Promise<Host> {
    const turnout = new Turnout();
    const place = patient(traced(await placeOf(ref, turnout), trace), signal);
    const ovsdb = new Ovsdb(place.ovsdbSocket, place.where, {
        turnout,
        ...(signal ? { signal } : {}),
        ...(trace ? { trace } : {}),
    });
    const kernel = new Kernel(place, turnout, trace);
    const openflow = new Openflow(place, () => ovsdb.view());
    const parts = {
        where: place.where,
        place,
        ovsdb,
        kernel,
        openflow,
        spelling: new FlowSpelling(place, () => ovsdb.view()),
        turnout,
        files: new Files(place),
        journal: new Journal(place),
        ...(signal ? { signal } : {}),
        ovsPorts: () => readPorts(ovsdb),
        program: (subject: string, argv: string[], input?: string) => ended(place, subject, argv, input),
        close: () => {
            ovsdb.close();
            kernel.close();
            place.close();
        },
    };
    const at = (terms: Terms): Host => {
        const { maxAgeMs = 0, readSince = Infinity, timeoutMs, status = () => undefined } = terms;
        return {
            ...parts,
            status,
            ...(timeoutMs ? { timeoutMs, openflow: openflow.within(timeoutMs) } : {}),
            links: () => toldLate(status, `lists the links of ${place.where}`, () => kernel.links(maxAgeMs, readSince)),
            isTakenUp: (link) => kernel.isTakenUpSince(link, readSince),
            switch: () => ovsdb.view(maxAgeMs, readSince),
            read: (argv, parse) =>
                toldLate(status, `runs \`${argv.join(" ")}\` on ${place.where}`, () =>
                    kernel.read(argv, parse, maxAgeMs, timeoutMs),
                ),
            at: (more) => at({ ...terms, ...more }),
        };
    };
    return at({});
}

async function ended(place: Place, subject: string, argv: string[], input?: string): Promise<void> {
    const { code, stdout, stderr } = await place.run(argv, input);
    if (code !== 0)
        throw new HostError(
            "refused",
            subject,
            `\`${argv.join(" ")}\` failed: ${quoted(stderr.trim() || stdout)}`,
            "Correct what it names, then run the same command again.",
        );
}
