/** The command `kvmnet`. Each subcommand is a file of its own, loaded only when it is called. */
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { Command, type CommanderError } from "commander";
import { PACKAGE_ROOT } from "../engine/package-root";
import type { AuditOptions } from "./commands/audit";
import type { ExplainOptions } from "./commands/explain";
import type { LintOptions } from "./commands/lint";
import type { VerifyOptions } from "./commands/verify";
import type { ReviewOptions } from "./commands/review";

/** Status of wrong usage where 1 says that something was found. */
const WRONG_USAGE = 2;

/** Runs the command line; what goes wrong is told as a message, never as a stack trace. @returns the exit status */
export async function main(argv: string[]): Promise<number> {
    let status = 0;
    process.stdout.once("error", endUnread);
    const program = commands((result) => (status = result));
    try {
        await program.parseAsync(argv, { from: "user" });
        return status;
    } catch (error) {
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
        if (process.env.KVMNET_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
        return 1;
    }
}

/** Whoever reads has read enough, as `head` does: the command ends as if by the signal that programs get then. */
function endUnread(error: NodeJS.ErrnoException): void {
    if (error.code !== "EPIPE") throw error;
    process.exit(128 + constants.signals.SIGPIPE);
}

function commands(ended: (status: number) => void): Command {
    const program = new Command("kvmnet")
        .enablePositionalOptions()
        .version(versionOf(PACKAGE_ROOT))
        .description(
            "KVM host networking as code: bridges, Open vSwitch, VLAN taps, tuned virtio NICs, and the proof from inside the guest.",
        );
    const running =
        <Args extends unknown[]>(work: (...args: Args) => Promise<number>) =>
        async (...args: Args) =>
            ended(await work(...args));

    program
        .command("up")
        .description(
            "set up what is missing, start the lab, run `pulumi up`, and hold the guests against the declaration",
        )
        .option("--timings <file>", "write how long each part took, as JSON, into this file")
        .action(running(async (options: { timings?: string }) => (await import("./commands/up")).run(options)));
    program
        .command("down")
        .description("end the lab of this project, with everything in it")
        .action(running(async () => (await import("./commands/down")).run()));
    program
        .command("preview")
        .description("run `pulumi preview` with the policy pack, as a pull request would")
        .option("--profile <name>", "profile of the policies", "throughput")
        .action(running(async (options: { profile: string }) => (await import("./commands/preview")).run(options)));
    program
        .command("verify")
        .description(
            "print for every guest and NIC what was declared, and what guest, libvirt, QEMU, kernel and Open vSwitch say",
        )
        .option("--json", "print it for programs")
        .option("--measure", "measure TCP, UDP and latency between two guests, too, with tuning and without, as ratios")
        .action(running(async (options: VerifyOptions) => (await import("./commands/verify")).run(options)));
    program
        .command("graph")
        .description("print the declared environment as a Mermaid flowchart")
        .action(running(async () => (await import("./commands/graph")).run()));

    program
        .command("schema")
        .description("print the package schema, from which SDKs of other languages are made, as JSON")
        .action(running(async () => (await import("./commands/schema")).run()));

    program
        .command("explain [rule]")
        .description(
            "say what a NIC gets and why (kvmnet explain --vcpus 8 --rate 10Gbit --backend tap), or what a rule wants (kvmnet explain ring-undersized)",
        )
        .option("--vcpus <count>", "virtual CPUs of the guest")
        .option("--rate <rate>", "rate of the link that the guest shares, such as 10Gbit")
        .option("--backend <backend>", "tap, tcg, vhost-user, vdpa, macvtap or sriov")
        .option("--profile <profile>", "default, throughput, latency, density or legacy-lab")
        .option("--guest-os <os>", "linux, windows, bsd or other")
        .option("--nics <count>", "alike NICs of the guest")
        .option("--mtu <bytes>", "MTU of the guest's network")
        .option("--frame <bytes>", "usual frame, with its checksum")
        .option("--stall-ms <ms>", "longest time off the CPU to ride out")
        .option("--xdp", "the guest runs XDP")
        .option("--sends-tcp", "the guest sends TCP over a network with loss or deep buffers")
        .option("--queues <pairs>", "queue pairs, where you have chosen")
        .option("--rx-ring <descriptors>", "receive ring, where you have chosen")
        .option("--tx-ring <descriptors>", "transmit ring, where you have chosen")
        .option("--host-cpus <list>", "CPUs of the host's node for this guest, such as 0-15")
        .option("--threads-per-core <count>", "hardware threads a core, 1 or 2")
        .option("--uplink-rate <rate>", "rate of the physical NIC")
        .option("--uplink-rx-ring-max <descriptors>", "its largest receive ring")
        .option("--uplink-tx-ring-max <descriptors>", "its largest transmit ring")
        .option("--uplink-channels-max <count>", "its most channels")
        .option("--uplink-pcie-generation <n>", "PCIe generation of its slot")
        .option("--uplink-pcie-lanes <n>", "lanes of its slot")
        .option("--uplink-guests <count>", "guests of this rate behind it")
        .option("--json", "print it for programs")
        .action(
            running(async (rule: string | undefined, options: ExplainOptions) =>
                rule === undefined
                    ? (await import("./commands/explain")).run(options)
                    : (await import("./commands/explain-rule")).run(rule),
            ),
        );

    program
        .command("lint [files...]")
        .exitOverride(asUnusable)
        .description("judge files by the policies: kvmnet lint 'domains/*.xml'; - reads stdin")
        .option("--profile <name>", "profile of the policies", "default")
        .option(
            "--format <name[=file]>",
            "text, json, sarif, github, gitlab, junit, rdjson or markdown; again for more",
            collected,
            [],
        )
        .option("--fail-on <what>", "what ends with status 1: mandatory, advisory or undecided", "mandatory")
        .option("--exemptions <file>", "YAML of what is accepted: rule, resource (a pattern), reason, until")
        .option(
            "--forbid-exemption <rule>",
            'a rule that nobody is exempted from, "*" for every one; again for more',
            collected,
            [],
        )
        .option("--baseline <file>", "findings that were there before; only others count")
        .option("--write-baseline <file>", "write the findings of this run as a baseline")
        .option("--ours", "pass over files that hold nothing of what is read, as hooks hand them over")
        .option(
            "--kind <kind>",
            "what every file is, where its content does not tell: domain, network, pulumi, terraform, ovs-dump, ovs-db, netplan, nmstate or proxmox",
        )
        .option("--fix", "put right in the files what has one right value, and judge them again")
        .option("--explain <rule>", "print what a rule wants, and why")
        .option("--init", "write files to begin with: exemptions, and a workflow for pull requests")
        .option("--one-host", "all files describe one host: rules across resources judge them together")
        .option("--list", "list the rules")
        .action(
            running(async (files: string[], options: LintOptions) =>
                (await import("./commands/lint")).run(files, options),
            ),
        );

    program
        .command("review [globs...]")
        .exitOverride(asUnusable)
        .description(
            "judge what a pull request changes, and say so there: kvmnet review --base origin/main; in GitHub Actions and GitLab CI the base is known",
        )
        .option("--base <ref>", "branch or commit that the changes are compared with")
        .option("--preview <file>", "JSON of `pulumi preview --json`, judged too; - reads stdin")
        .option("--project <folder>", "folder of that preview's project, from the top of the repository", ".")
        .option("--profile <name>", "profile of the policies", "default")
        .option("--format <name[=file]>", "as of lint; again for more", collected, [])
        .option("--fail-on <what>", "what ends with status 1: mandatory, advisory or undecided", "mandatory")
        .option("--exemptions <file>", "YAML of what is accepted: rule, resource (a pattern), reason, until")
        .option("--forbid-exemption <rule>", "as of lint; again for more", collected, [])
        .option("--baseline <file>", "findings that were there before; only others count")
        .option("--comment", "write one comment on the pull request, or edit it")
        .option("--upload-sarif", "hand the findings to GitHub's code scanning")
        .option("--key <name>", "tells the comments of several reviews apart", "review")
        .action(
            running(async (globs: string[], options: ReviewOptions) =>
                (await import("./commands/review")).run(globs, options),
            ),
        );
    program
        .command("audit [host]")
        .exitOverride(asUnusable)
        .description(
            "judge a host as it runs, by the policies: kvmnet audit local, kvmnet audit lab://sample; it only reads",
        )
        .option("--profile <name>", "profile of the policies", "default")
        .option("--format <name[=file]>", "as of lint; again for more", collected, [])
        .option("--fail-on <what>", "what ends with status 1: mandatory, advisory or undecided", "mandatory")
        .option("--exemptions <file>", "YAML of what is accepted: rule, resource (a pattern), reason, until")
        .option("--forbid-exemption <rule>", "as of lint; again for more", collected, [])
        .option("--baseline <file>", "findings that were there before; only others count")
        .option("--write-baseline <file>", "write the findings of this run as a baseline")
        .option("--without <part>", "leave out guests, ovs or links; again for more", collected, [])
        .option("--guest-agent", "ask the guests' agents how many CPUs are on; takes a connection that may write")
        .action(
            running(async (host: string | undefined, options: AuditOptions) =>
                (await import("./commands/audit")).run(host ?? "local", options),
            ),
        );

    const lab = program
        .command("lab")
        .enablePositionalOptions()
        .description("hosts of their own on this machine, for a first run and for tests");
    lab.command("up [name]")
        .description("start a lab, or say that it runs; without a name: that of this project, else sample")
        .action(running(async (name?: string) => (await import("./commands/lab")).runUp(name)));
    lab.command("status [name]")
        .description("what runs in a lab, or in all labs")
        .option("--json", "print it for programs")
        .action(
            running(async (name: string | undefined, options: { json?: boolean }) =>
                (await import("./commands/lab")).runStatus(name, options),
            ),
        );
    lab.command("exec <name> [command...]")
        .description("run a command inside a lab, or a shell: kvmnet lab exec sample -- ovs-vsctl show")
        .passThroughOptions()
        .action(
            running(async (name: string, command: string[]) => (await import("./commands/lab")).runExec(name, command)),
        );
    lab.command("logs [name] [which]")
        .description(
            "logs of a lab: its daemons, and the consoles of its guests; without a name: of this project's, else of sample",
        )
        .action(
            running(async (name?: string, which?: string) => (await import("./commands/lab")).runLogs(name, which)),
        );
    lab.command("down [name]")
        .description("end a lab; nothing of it stays; without a name: that of this project, else sample")
        .option("--all", "end every lab of this machine")
        .action(
            running(async (name: string | undefined, options: { all?: boolean }) =>
                (await import("./commands/lab")).runDown(name, options),
            ),
        );

    program
        .command("install")
        .description("generate @pulumi/libvirt for the project in this folder")
        .action(running(async () => (await import("./commands/install")).run()));
    program
        .command("pulumi [args...]")
        .description("run the engine in the environment that was set up: kvmnet pulumi preview")
        .helpOption(false)
        .allowUnknownOption()
        .passThroughOptions()
        .action(running(async (args: string[]) => (await import("./commands/pulumi")).run(args)));
    program
        .command("env")
        .description('print that environment for the shell: eval "$(npx kvmnet env)"')
        .option("--json", "print it for programs")
        .action(running(async (options: { json?: boolean }) => (await import("./commands/env")).run(options)));
    program
        .command("doctor")
        .description("say for every part: found or not, where, which version, what it is for, how to get it")
        .option("--json", "print it for programs")
        .action(running(async (options: { json?: boolean }) => (await import("./commands/doctor")).run(options)));

    return program;
}

const asUnusable = ({ exitCode }: CommanderError) => process.exit(exitCode === 0 ? 0 : WRONG_USAGE);

const collected = (value: string, before: string[]) => [...before, value];

const versionOf = (root: string) =>
    (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version;
