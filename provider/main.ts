/** The plugin process: serves the provider, prints its port for the engine, and ends when the engine is gone. */
import { fstatSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { carrying } from "./carried";
import { Service } from "./service";

/** A step that runs when the engine dies gets this long to end [ms]. */
const LAST_STEP_MS = 30_000;
const NO_LIMIT = {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    "grpc.enable_channelz": 0,
};

class Process {
    private running = 0;
    private ending = false;
    private readonly parent = process.ppid;
    private readonly server = new Server(NO_LIMIT);
    private readonly service = new Service(packageVersion(), process.argv[2], {
        began: () => void this.running++,
        ended: () => {
            this.running--;
            this.endWhenIdle();
        },
    });

    start(): void {
        this.server.addService(carrying(ResourceProviderService), this.service.handlers());
        this.server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
            if (error) {
                process.stderr.write(
                    `kvmnet cannot listen on 127.0.0.1: ${error.message}. Check that the loopback interface is up.\n`,
                );
                process.exit(1);
            }
            process.stdout.write(`${port}\n`);
        });
        this.watchEngine();
    }

    private watchEngine(): void {
        // The engine starts us in a process group of our own, so Ctrl-C at a terminal does not reach us: SIGINT is how
        // it closes us, and it waits five seconds for our end.
        process.on("SIGINT", () => this.end());
        process.on("SIGTERM", () => this.end());
        process.on("SIGHUP", () => undefined);
        setInterval(() => process.ppid !== this.parent && this.end(), 500).unref();
        // The engine holds the other end of stdin; from a terminal or a file an end means nothing.
        const input = fstatSync(0);
        if (!input.isFIFO() && !input.isSocket()) return;
        process.stdin.on("end", () => this.end()).on("error", () => this.end());
        process.stdin.resume();
    }

    private end(): void {
        if (this.ending) return;
        this.ending = true;
        setTimeout(() => process.exit(1), LAST_STEP_MS).unref();
        this.endWhenIdle();
    }

    private endWhenIdle(): void {
        if (!this.ending || this.running > 0) return;
        void this.service.close().finally(() => process.exit(0));
    }
}

/** Our package's version, from the nearest package.json above: sources and compiled files lie at different depths. */
function packageVersion(): string {
    for (let folder = __dirname; folder !== dirname(folder); folder = dirname(folder))
        try {
            return (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string }).version;
        } catch {
            // Not in this folder.
        }
    return "0.0.0";
}

/** Who read what we write may be gone before us: a word that reaches nobody is no reason to leave steps half done. */
function outliveReaders(): void {
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
}

export function main(): void {
    outliveReaders();
    new Process().start();
}
