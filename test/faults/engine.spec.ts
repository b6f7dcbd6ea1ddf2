import assert from "node:assert/strict";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { descendants, living } from "../support/descendants";
import { EngineProject, type Ended, type Running } from "../support/engine-project";
import { eventually } from "../support/eventually";
import { labName } from "../support/labs";
import { FaultLab } from "./support/fault-lab";
import { assertSound } from "./support/invariants";
import { OVS_BRIDGE, OVS_PORT } from "./support/kind-names";
import type { Declared, Program } from "./support/stack";
import { foreign, look } from "./support/world";

/** The engine builds what is missing first, so a first run may take minutes. */
const FIRST_RUN_MS = 30 * 60_000;
const UP = ["up", "--yes", "--skip-preview"];
const REFRESH = ["refresh", "--yes", "--skip-preview", "--clear-pending-creates"];

/** A program that declares these internal ports on one bridge. */
const program = (bridge: string, ports: string[]) => `
import { ovs } from "kvmnet";
const bridge = new ovs.Bridge("switch", { name: ${JSON.stringify(bridge)}, datapathType: "netdev" });
for (const name of ${JSON.stringify(ports)})
    new ovs.Port(name, { name, bridge: bridge.name, type: "internal", tag: 7 }, { customTimeouts: { create: "3m" } });
`;

/** The same for eyes that are not the engine's. */
const declaredBy = (bridge: string, ports: string[]): Program => ({
    switch: { type: OVS_BRIDGE, inputs: { name: bridge, datapathType: "netdev" } },
    ...Object.fromEntries(
        ports.map((name): [string, Declared] => [
            name,
            { type: OVS_PORT, inputs: { name, bridge, type: "internal", tag: 7 } },
        ]),
    ),
});

/** What others have on a host: ports in our bridge and in their own, and links beside them. */
async function settle(lab: FaultLab, bridge: string): Promise<ReadonlyMap<string, string>> {
    await lab.vsctl(
        ...["add-br", "their-br", "--", "set", "Bridge", "their-br", "datapath_type=netdev"],
        ...["--", "add-port", "their-br", "alien0", "tag=7", "--", "set", "Interface", "alien0", "type=internal"],
        ...["--", "add-port", bridge, "alien1", "tag=8", "--", "set", "Interface", "alien1", "type=internal"],
        ...["--", "set", "Port", "alien1", "external_ids:theirs=yes"],
    );
    await lab.run("ip", "link", "add", "their-lb", "type", "bridge");
    await lab.run("ip", "link", "add", "their-a", "master", "their-lb", "type", "veth", "peer", "name", "their-b");
    return foreign(await look(lab));
}

const FULL_PORTS = Array.from({ length: 12 }, (_, index) => `full${index}`).sort();

interface Deployment {
    resources: { urn: string; type: string; id?: string; outputs?: { owner?: string } }[];
    pending_operations?: { type: string }[];
}
const idsOf = ({ resources }: Deployment) =>
    resources.flatMap(({ type, id = "" }) => (type === OVS_PORT ? [id] : [])).sort();
/** Owner marks of all that a state holds, by logical name. */
const ownersOf = ({ resources }: Deployment) =>
    new Map(resources.flatMap(({ urn, outputs }) => (outputs?.owner ? [[nameOf(urn), outputs.owner] as const] : [])));
const nameOf = (urn: string) => urn.slice(urn.lastIndexOf("::") + 2);
const pendingOf = ({ pending_operations: pending = [] }: Deployment) => pending.map(({ type }) => type);

describe("a run of the engine", function () {
    this.timeout(600_000);
    const lab = new FaultLab(labName("engine"));
    const roomless = new FaultLab(labName("full"));
    const projects: EngineProject[] = [];
    /** The engine tries again for minutes to write its state, while the other tests run. */
    let full: Promise<Ended>;
    before(async function () {
        this.timeout(FIRST_RUN_MS);
        await Promise.all([lab.up(), roomless.up()]);
        full = (await runWithoutRoom()).ended;
        full.catch(() => undefined);
    });
    after(async () => {
        await full;
        for (const project of projects) project.remove();
        await Promise.all([lab.down(), roomless.down()]);
    });

    async function begun(name: string, { host } = lab): Promise<EngineProject> {
        const project = new EngineProject({ name, env: { PULUMI_NODEJS_TRANSPILE_ONLY: "true" } });
        projects.push(project);
        await project.init({ "kvmnet:host": host });
        return project;
    }

    /** Runs until there is no room, makes room, and runs again; all in a mount namespace, which takes its file system with it. */
    async function runWithoutRoom(): Promise<Running> {
        const project = await begun("full", roomless);
        project.write("index.ts", program("br-full", FULL_PORTS));
        const kept = join(project.folder, "kept");
        cpSync(join(project.folder, "state"), kept, { recursive: true });
        const script = `
            mount -t tmpfs -o size=2m small "$STATE"
            cp -a "$KEPT/." "$STATE"
            engine() { "$ENGINE" --non-interactive --color never "$@"; }
            dd if=/dev/zero of="$STATE/filler" bs=1k 2>/dev/null || true
            truncate --size=-32k "$STATE/filler"
            engine up --yes --skip-preview --parallel 1 && echo "it had room" || echo "it stopped"
            rm "$STATE/filler"
            engine cancel --yes || true
            # The engine writes over its file, which is then cut off; so is the copy beside it.
            if ! engine stack export >/dev/null; then
                rm "$STATE"/.pulumi/stacks/full/dev.json*
                engine stack init dev
            fi
            engine ${REFRESH.join(" ")}
            engine up --yes --skip-preview
            engine preview --expect-no-changes
            engine stack export >"$EXPORTED"`;
        return project.start([], ([engine = ""]) => [
            ...["unshare", "--mount", "--propagation=private", "env", `ENGINE=${engine}`, `KEPT=${kept}`],
            `STATE=${join(project.folder, "state")}`,
            `EXPORTED=${join(project.folder, "exported.json")}`,
            ...["sh", "-euc", script],
        ]);
    }
    const portsOf = async (bridge: string) =>
        (await lab.vsctl("list-ports", bridge)).split("\n").filter(Boolean).sort();

    describe("that is broken off at work", () => {
        const BRIDGE = "br-work";
        let project: EngineProject;
        /** Ports that the program declares. */
        let ports: string[] = [];
        let theirs: ReadonlyMap<string, string>;

        before(async function () {
            this.timeout(FIRST_RUN_MS);
            project = await begun("work");
            project.write("index.ts", program(BRIDGE, ports));
            await project.pulumi(...UP);
            theirs = await settle(lab, BRIDGE);
        });
        afterEach(() => lab.signal("ovs-vswitchd", "CONT"));

        const deployment = async () =>
            (JSON.parse(await project.pulumi("stack", "export")) as { deployment: Deployment }).deployment;

        /** A run that stands still in the middle: its port is written in the database, and the switch hangs. */
        async function atWork(port: string, through?: (argv: string[]) => string[]): Promise<Running> {
            ports = [...ports, port];
            project.write("index.ts", program(BRIDGE, ports));
            await lab.signal("ovs-vswitchd", "STOP");
            const run = await project.start(UP, through);
            await eventually(async () => assert.ok((await portsOf(BRIDGE)).includes(port)), 90_000);
            return run;
        }

        /** Ends a run; once the switch goes on, all its processes are gone. */
        async function leavingNobody(run: Running, end: () => unknown): Promise<Ended> {
            const family = descendants(run.child.pid ?? 0);
            assert.ok(family.length >= 3, "the language host, the program and the provider");
            await end();
            await lab.signal("ovs-vswitchd", "CONT");
            const ended = await run.ended;
            await eventually(() => assert.deepEqual(living(family), []), 60_000);
            return ended;
        }

        /** One Ctrl-C, which the engine has taken. */
        async function interrupted(run: Running): Promise<void> {
            run.child.kill("SIGINT");
            await eventually(() => assert.match(run.said(), /\^C received/));
        }

        /** Declared = recorded = in the switch and the kernel, others' things are as they were, and nothing is left to do. */
        async function isWhole(): Promise<void> {
            const recorded = await deployment();
            assert.deepEqual(pendingOf(recorded), []);
            assert.deepEqual(idsOf(recorded), [...ports].sort());
            const stack = { owners: () => ownersOf(recorded) };
            await assertSound(lab, stack, declaredBy(BRIDGE, ports), theirs, `with ${ports.at(-1)}`);
            await project.pulumi("preview", "--expect-no-changes");
        }

        it("by a kill of the engine leaves no process; the next run names the lock and how to lift it, and after a refresh adopts what was made", async () => {
            const run = await atWork("killed0");
            await leavingNobody(run, () => run.child.kill("SIGKILL"));
            const locked = await project.run(...UP);
            assert.notEqual(locked.status, 0);
            assert.match(locked.output, /locked[^]*pulumi cancel/);
            await project.pulumi("cancel", "--yes");
            assert.deepEqual(pendingOf(await deployment()), ["creating"]);
            await project.pulumi(...REFRESH);
            assert.deepEqual(pendingOf(await deployment()), []);
            await project.pulumi(...UP);
            await isWhole();
        });

        it("by one Ctrl-C ends the step that runs, records it, and lifts its lock", async () => {
            const run = await atWork("once0");
            const { status, output } = await leavingNobody(run, () => interrupted(run));
            assert.notEqual(status, 0, output);
            const recorded = await deployment();
            assert.deepEqual(pendingOf(recorded), []);
            assert.ok(idsOf(recorded).includes("once0"), output);
            await project.pulumi(...UP);
            await isWhole();
        });

        it("by two Ctrl-C ends at once, and its state is honest: a refresh and a run finish it", async () => {
            const run = await atWork("twice0");
            const { status, output } = await leavingNobody(run, async () => {
                await interrupted(run);
                run.child.kill("SIGINT");
                // While the switch still hangs: it is the second Ctrl-C that ends the run.
                await run.ended;
            });
            assert.notEqual(status, 0, output);
            await project.run("cancel", "--yes");
            const recorded = await deployment();
            assert.ok(idsOf(recorded).includes("twice0") || pendingOf(recorded).length === 1, output);
            await project.pulumi(...REFRESH);
            await project.pulumi(...UP);
            await isWhole();
        });

        it("by the loss of its terminal is as a killed one: nobody is left, and the next run finishes", async () => {
            const atTerminal = (argv: string[]) => ["script", "--quiet", "--command", argv.join(" "), "/dev/null"];
            const run = await atWork("hangup0", atTerminal);
            await leavingNobody(run, () => run.child.kill("SIGKILL"));
            await project.run("cancel", "--yes");
            await project.pulumi(...REFRESH);
            await project.pulumi(...UP);
            await isWhole();
        });

        it("does not let a second run of the same stack begin, which names the lock", async () => {
            const run = await atWork("both0");
            const second = await project.run(...UP);
            await lab.signal("ovs-vswitchd", "CONT");
            assert.notEqual(second.status, 0);
            assert.match(second.output, /locked[^]*pulumi cancel/);
            const first = await run.ended;
            assert.equal(first.status, 0, first.output);
            await isWhole();
        });
    });

    it("whose state has no room left stops; with room, a new state of that stack adopts what was made", async () => {
        const { status, output } = await full;
        assert.match(output, /no space left on device[^]*it stopped/);
        assert.equal(status, 0, output);
        const exported = readFileSync(join(projects[0]?.folder ?? "", "exported.json"), "utf8");
        const { deployment } = JSON.parse(exported) as { deployment: Deployment };
        assert.deepEqual(pendingOf(deployment), []);
        assert.deepEqual(idsOf(deployment), FULL_PORTS);
        const there = await roomless.vsctl("list-ports", "br-full");
        assert.deepEqual(there.split("\n").sort(), FULL_PORTS);
    });

    it("shows its secrets nowhere: not in the state, a diff, a log, a warning or an error", async () => {
        const CANARY = "Canary-5d81";
        const project = await begun("secret");
        await project.pulumi("config", "set", "--secret", "token", CANARY);
        const declares = (refused: boolean) => `
            import * as pulumi from "@pulumi/pulumi";
            import { ovs } from "kvmnet";
            const token = new pulumi.Config().requireSecret("token");
            const bridge = new ovs.Bridge("switch", {
                name: "br-secret", datapathType: "netdev", externalIds: { token, other: ${refused ? "token" : '"x"'} },
            });
            export const held = bridge.externalIds;
            // What the host itself refuses, in words that hold the secret.
            if (${refused}) new ovs.Port("lost", { name: "lost0", bridge: token, type: "internal" }, { dependsOn: bridge });`;
        const said: string[] = [];
        const pulumi = async (...args: string[]) => {
            const { status, output } = await project.run(...args);
            said.push(output);
            return status;
        };
        project.write("index.ts", declares(false));
        assert.equal(await pulumi("up", "--yes", "--diff", "--debug"), 0, said.at(-1));
        assert.match(await lab.vsctl("get", "Bridge", "br-secret", "external_ids:token"), new RegExp(CANARY));
        project.write("index.ts", declares(true));
        assert.notEqual(await pulumi("up", "--yes", "--diff", "--debug"), 0);
        assert.match(said.at(-1) ?? "", /there is no OVS bridge \[secret\]/);
        await lab.vsctl("set", "Bridge", "br-secret", `external_ids:token=${CANARY}-changed`);
        assert.equal(await pulumi("refresh", "--yes", "--diff"), 0, said.at(-1));
        assert.equal(await pulumi("preview", "--diff", "--json"), 0, said.at(-1));
        said.push(await project.pulumi("stack", "export"));
        assert.equal(await pulumi("destroy", "--yes", "--diff"), 0, said.at(-1));
        const shown = said.flatMap((text) => text.split("\n").filter((line) => line.includes(CANARY)));
        assert.deepEqual(
            shown.map((line) => line.slice(0, 400)),
            [],
        );
    });
});
