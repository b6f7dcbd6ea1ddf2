/**
 * A gRPC client that costs little: unary calls on one HTTP/2 session (gRPC over HTTP2, PROTOCOL-HTTP2.md). The engine's
 * own is written in Go; one made of `@grpc/grpc-js` takes as much of the machine as the provider that is measured.
 */
import { connect, type ClientHttp2Session } from "node:http2";

/** Before each message: one byte that says "not compressed", four with its length. */
const PREFIX_BYTES = 5;

export class LightClient {
    private readonly session: ClientHttp2Session;

    /** @param address `127.0.0.1:PORT` */
    constructor(address: string) {
        this.session = connect(`http://${address}`);
        this.session.on("error", () => undefined);
    }

    /** @returns the answer's message @throws Error with the service's own words */
    call(path: string, message: Buffer): Promise<Buffer> {
        return new Promise((resolve, reject) => {
            const headers = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" };
            const stream = this.session.request(headers);
            const prefix = Buffer.alloc(PREFIX_BYTES);
            prefix.writeUInt32BE(message.length, 1);
            const parts: Buffer[] = [];
            let refusal: Error | undefined;
            const judge = (said: { [name: string]: unknown }) => {
                if (said["grpc-status"] !== undefined && said["grpc-status"] !== "0")
                    refusal = new Error(decodeURIComponent(String(said["grpc-message"])));
            };
            // A refusal without a message stands in the headers, one after a message in the trailers.
            stream.on("response", judge).on("trailers", judge);
            stream.on("data", (part: Buffer) => parts.push(part));
            stream.on("error", reject);
            stream.on("end", () => (refusal ? reject(refusal) : resolve(Buffer.concat(parts).subarray(PREFIX_BYTES))));
            stream.end(Buffer.concat([prefix, message]));
        });
    }

    close(): void {
        this.session.close();
    }
}
