/** Somebody who works on a host from elsewhere: a network namespace of it with a TCP connection to the host. */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { on, once } from "node:events";
import { resolve } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { commandInLab } from "../../lab";

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** Longest wait for an answer [ms]. */
const PATIENCE_MS = 30_000;

const SCRIPT = resolve(__dirname, "echoes.py");

type Run = (...argv: string[]) => Promise<string>;

/**
 * The namespace `operator`, with a wire to each of two links of the lab: `wan0`, by which it reaches 192.0.2.1 from
 * 192.0.2.7, and `lan0`, which nobody uses.
 */
async function network(run: Run): Promise<void> {
    const ip = (line: string) => run("ip", ...line.split(" "));
    await ip("netns add operator");
    for (const side of ["wan", "lan"]) {
        await ip(`link add ${side}0 type veth peer name ${side}1 netns operator`);
        await ip(`link set dev ${side}0 up`);
        await ip(`-n operator link set dev ${side}1 up`);
    }
    await ip("address add 192.0.2.1/24 dev wan0");
    await ip("-n operator address add 192.0.2.7/24 dev wan1");
}

/** What is plugged in where, addresses, routes and rules, without what runs by itself. */
export async function standing(run: Run): Promise<string> {
    const links = JSON.parse(await run("ip", "-json", "link", "show")) as {
        ifname: string;
        master?: string;
        flags: string[];
    }[];
    const parts = [
        JSON.stringify(links.map(({ ifname, master, flags }) => [ifname, master, flags.includes("UP")])),
        await run("ip", "-oneline", "address", "show"),
        await run("ip", "route", "show"),
        await run("ip", "-6", "route", "show"),
        await run("ip", "rule", "show"),
        await run("ip", "-6", "rule", "show"),
        await run("ovs-vsctl", "--timeout=30", "show"),
    ];
    return parts.join("\n").replaceAll(" tentative", "");
}

/** The lab's name; undefined is the machine itself. */
type Lab = string | undefined;

/** Starts the script there, and waits for its first line. */
async function started(lab: Lab, ...argv: string[]) {
    const [program = "", ...rest] = lab === undefined ? argv : commandInLab(lab, argv);
    const child = spawn(program, rest, { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout });
    await Promise.race([
        once(lines, "line"),
        once(child, "exit").then(([code]) => Promise.reject(new Error(`${argv.join(" ")} ended with ${String(code)}`))),
    ]);
    return { child, lines };
}

async function ended(child: Child): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.stdin.end();
    await gone;
}

/** What listens at a port there and says everything back. @returns ends it */
export async function listening(lab: Lab, port: number): Promise<() => Promise<void>> {
    const { child } = await started(lab, "/usr/bin/python3", SCRIPT, "serve", String(port));
    return () => ended(child);
}

/** A connection from a network namespace there to the host itself. */
export class Operator {
    private said = 0;

    private constructor(
        private readonly child: Child,
        private readonly lines: Interface,
    ) {}

    static async connect(lab: Lab, namespace: string, address: string, port: number): Promise<Operator> {
        const script = ["/usr/bin/python3", SCRIPT, "connect", address, String(port)];
        const { child, lines } = await started(lab, "ip", "netns", "exec", namespace, ...script);
        return new Operator(child, lines);
    }

    /** Whether the connection answers: TCP says again, later each time, what was lost while it was cut. */
    async answers(): Promise<boolean> {
        const word = `word ${this.said++}`;
        const late = AbortSignal.timeout(PATIENCE_MS);
        const heard = on(this.lines, "line", { signal: late }) as AsyncIterable<[string]>;
        this.child.stdin.write(`${word}\n`);
        try {
            for await (const [line] of heard) if (line === word) return true;
        } catch (error) {
            if (!late.aborted) throw error;
        }
        return false;
    }

    leave = () => ended(this.child);
}

/** Somebody who works on a lab over SSH, by the network that is laid there first. @returns the connection, and what ends it */
export async function workingOn(lab: string, run: Run): Promise<{ operator: Operator; leave: () => Promise<void> }> {
    await network(run);
    const stopListening = await listening(lab, 22);
    const operator = await Operator.connect(lab, "operator", "192.0.2.1", 22).catch(async (error: unknown) => {
        await stopListening();
        throw error;
    });
    return { operator, leave: () => operator.leave().finally(stopListening) };
}
