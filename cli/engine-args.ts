/** What a command line of the engine says, as far as it decides where the engine works: read as the engine itself reads it. */

interface EngineArgs {
    /** Commands and what they are given, without flags. */
    words: string[];
    /** Of -s, --stack. */
    stack?: string;
    /** Of -C, --cwd. */
    folder?: string;
    /** Whether it is asked for its help. */
    help: boolean;
    /** Names of all flags: `secret`, `y`. */
    flags: string[];
}

/** A flag and what stands in the same word. */
interface Flag {
    name: string;
    joined?: string;
    /** Whether it takes a value: the next word where none is joined. */
    takes: boolean;
}

/** Flags that take a value: those of all commands, and those of `stack` and what stands under it. */
const WITH_VALUE = [
    ...["color", "config-file", "cwd", "memprofilerate", "otel-traces", "profiling", "stack", "tracing", "verbose"],
    ...["copy-config-from", "secrets-provider", "teams"],
];

/** Letters that take a value with every command, and those with some. */
const EVERYWHERE = "Csv";
const LETTERS_OF: Readonly<Record<string, string>> = { config: "d", import: "fmop", new: "cdn", stack: "opt" };
/** With all others; those that know none of them have no such letters. */
const OTHERWISE = "cmptx";

export function readArgs(args: readonly string[]): EngineArgs {
    const read: EngineArgs = { words: [], help: false, flags: [] };
    for (let at = 0; at < args.length; at += 1) {
        const word = args[at] ?? "";
        if (word === "--") {
            read.words.push(...args.slice(at + 1));
            break;
        }
        for (const { name, joined, takes } of flagsIn(word, read.words[0])) {
            const value = joined ?? (takes ? args[++at] : undefined);
            read.flags.push(name);
            if (name === "help" || name === "h") read.help = true;
            if (value === undefined) continue;
            if (name === "stack" || name === "s") read.stack = value;
            if (name === "cwd" || name === "C") read.folder = value;
        }
        if (!isFlag(word)) read.words.push(word);
    }
    return read;
}

const isFlag = (word: string) => word.startsWith("-") && word !== "-";

/** `--stack=prod`, or `-yfsprod`: letters without a value, and one that has the rest for its own. */
function flagsIn(word: string, command: string | undefined): Flag[] {
    if (!isFlag(word)) return [];
    const [, long, value] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (long !== undefined) return [flagOf(long, value, WITH_VALUE.includes(long))];
    const flags: Flag[] = [];
    for (let at = 1; at < word.length; at += 1) {
        const name = word.charAt(at);
        const rest = word.slice(at + 1);
        const takes = (EVERYWHERE + (command === undefined ? "" : (LETTERS_OF[command] ?? OTHERWISE))).includes(name);
        const joins = rest.startsWith("=") || (takes && rest !== "");
        flags.push(flagOf(name, joins ? rest.replace(/^=/, "") : undefined, takes));
        if (joins) break;
    }
    return flags;
}

const flagOf = (name: string, joined: string | undefined, takes: boolean): Flag => ({
    name,
    takes,
    ...(joined === undefined ? {} : { joined }),
});

/** What `stack` is told to do with a stack whose name is the next word. */
const NAMING = ["new", "init", "create", "setup", "select", "remove", "rm", "delete"];

/** The stack that is named, as it is written: `prod`, `organization/project/prod`. */
export function stackNamed({ words: [command, first, second], stack }: EngineArgs): string | undefined {
    if (command === "cancel") return first ?? stack;
    return command === "stack" && NAMING.includes(first ?? "") ? (second ?? stack) : stack;
}
