/**
 * The process that the engine starts for programs with `runtime: nodejs`, where the official one is absent.
 * It serves `LanguageRuntime` and prints its port; its one argument is the engine's address.
 */
import * as grpc from "@grpc/grpc-js";
import { fstatSync } from "node:fs";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import { PULUMI } from "../versions";
import { endChildren } from "./children";
import { MESSAGE_LIMITS } from "./limits";
import { languageRuntime } from "./service";

const words = process.argv.slice(2);
if (words.some((word) => /^--?version$/.test(word))) {
    process.stdout.write(`v${PULUMI}\n`);
} else {
    serve(engineAddress(words));
}

function serve(engine: string): void {
    const server = new grpc.Server(MESSAGE_LIMITS);
    server.addService(LanguageRuntimeService, languageRuntime(engine));
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
        if (error) throw error;
        process.stdout.write(`${port}\n`);
    });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, leave);
    // The engine holds our standard input open; when it dies, however it dies, the pipe closes and we go too.
    const held = fstatSync(0);
    if (held.isFIFO() || held.isSocket()) process.stdin.on("end", leave).on("error", leave).resume();
}

function leave(): void {
    endChildren();
    process.exit(0);
}

/** The first word that is no flag; Go's flags come as `-name=value` or `-name value`. */
function engineAddress(argv: string[]): string {
    for (let i = 0; i < argv.length; i++) {
        const word = argv[i] ?? "";
        if (!word.startsWith("-")) return word;
        if (!word.includes("=")) i++;
    }
    return "";
}
