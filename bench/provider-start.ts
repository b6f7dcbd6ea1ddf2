/** From starting the provider to its first answer, beside a Node process that only loads gRPC and the protobufs. */
import { credentials } from "@grpc/grpc-js";
import type { Measure } from "./measure";
import { firstLine, ran } from "./processes";
import { timed } from "./measure";

const ONLY_LOADS = `require("@grpc/grpc-js"); require("@pulumi/pulumi/proto/provider_grpc_pb"); require("@pulumi/pulumi/proto/provider_pb")`;

export function providerMeasure(): Measure {
    return {
        name: "provider start to first answer, beside loading gRPC and its protobufs",
        bound: 1.5,
        rounds: 15,
        async round() {
            const theirs = await timed(() => ran(process.execPath, ["-e", ONLY_LOADS]));
            const started = performance.now();
            const plugin = await firstLine("provider/pulumi-resource-kvmnet", [], process.env);
            await firstAnswer(plugin.line);
            const ours = performance.now() - started;
            await plugin.end();
            return { ours, theirs };
        },
    };
}

/** Asks the plugin who it is. */
async function firstAnswer(port: string): Promise<void> {
    const { ResourceProviderClient } = await import("@pulumi/pulumi/proto/provider_grpc_pb");
    const { Empty } = await import("google-protobuf/google/protobuf/empty_pb");
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
    await new Promise<void>((resolve, reject) =>
        client.getPluginInfo(new Empty(), (error: Error | null) => (error ? reject(error) : resolve())),
    );
    client.close();
}
