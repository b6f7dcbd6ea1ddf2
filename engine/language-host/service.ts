/** The service itself: one line a method, the work in the files beside this one. */
import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { ILanguageRuntimeServer } from "@pulumi/pulumi/proto/language_grpc_pb";
import {
    GetRequiredPackagesResponse,
    LanguageHandshakeResponse,
    TemplateResponse,
} from "@pulumi/pulumi/proto/language_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { PULUMI } from "../versions";
import { about, programDependencies, runtimeOptionsPrompts } from "./about";
import { interrupt, interruptAll } from "./children";
import { generatePackage } from "./generate";
import { installDependencies } from "./install";
import { link } from "./link";
import { requiredPackages } from "./packages";
import { runPlugin } from "./plugin";
import { runProgram } from "./program";

/** @param engine the engine's address, when it is known from the start; a handshake may bring it later */
export function languageRuntime(engine: string): ILanguageRuntimeServer {
    return {
        handshake: unary((request) => {
            engine = request.getEngineAddress();
            return new LanguageHandshakeResponse();
        }),
        getPluginInfo: unary(() => new PluginInfo().setVersion(`v${PULUMI}`)),
        getRequiredPlugins: missing("GetRequiredPlugins"),
        getRequiredPackages: unary((request) => {
            const packages = requiredPackages(request.getInfo()?.getProgramDirectory() ?? "");
            return new GetRequiredPackagesResponse().setPackagesList(packages);
        }),
        run: unary((request, call) =>
            runProgram(request, engine, (child) => call.once("cancelled", () => interrupt(child))),
        ),
        runPlugin: streaming((call) => runPlugin(call, engine)),
        installDependencies: streaming(installDependencies),
        generatePackage: unary(generatePackage),
        link: unary(link),
        about: unary(about),
        getProgramDependencies: unary(programDependencies),
        runtimeOptionsPrompts: unary(runtimeOptionsPrompts),
        template: unary(() => new TemplateResponse()),
        cancel: unary(() => {
            interruptAll();
            return new Empty();
        }),
        generateProgram: refused(
            "This Node language host writes no programs: install the official Pulumi CLI for that. What `pulumi import` " +
                "was asked for is imported all the same, and lies in the state; --generate-code=false leaves the code out.",
        ),
        generateProject: missing("GenerateProject"),
        pack: missing("Pack"),
    };
}

/** A method with one answer: what the work returns, or its error's message. */
function unary<Request, Response>(
    work: (request: Request, call: grpc.ServerUnaryCall<Request, Response>) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
    return (call, answer) =>
        void Promise.resolve()
            .then(() => work(call.request, call))
            .then(
                (response) => answer(null, response),
                (error: Error) => answer({ code: grpc.status.UNKNOWN, details: error.message }),
            );
}

/** A method with a stream of answers, which ends when the work does. */
function streaming<Request, Response>(
    work: (call: grpc.ServerWritableStream<Request, Response>) => Promise<void>,
): grpc.handleServerStreamingCall<Request, Response> {
    return (call) =>
        void work(call).then(
            () => call.end(),
            (error: Error) => call.emit("error", { code: grpc.status.UNKNOWN, details: error.message }),
        );
}

/** What turns other languages into Node programs stays with the official host. */
const missing = <Request, Response>(method: string) =>
    refused<Request, Response>(`This Node language host has no ${method}: install the official Pulumi CLI for it.`);

function refused<Request, Response>(details: string): grpc.handleUnaryCall<Request, Response> {
    return (_call, answer) => answer({ code: grpc.status.UNIMPLEMENTED, details });
}
