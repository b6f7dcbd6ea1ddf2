import assert from "node:assert/strict";
import type { ServiceDefinition } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { carrying, type Carried } from "../../provider/carried";
import { decode, encode, structOf } from "../../provider/struct";

const plain = ResourceProviderService as unknown as ServiceDefinition;
const service = carrying(plain);

interface Message {
    serializeBinary(): Uint8Array;
    toObject(): object;
}
type Bearer = Message & Record<string, (value: unknown) => void>;

/** Messages that have bags, in requests and in replies. */
const METHODS = ["check", "diff", "create", "read", "update", "delete", "invoke"];

/** The setters of a message, by the type of what they take: only those of bags take a `Struct`. */
function bagsOf(Type: new () => Message): string[] {
    const names = Object.getOwnPropertyNames(Type.prototype).filter((name) => /^set[A-Z]/.test(name));
    return names.filter((name) => {
        const message = new Type() as Bearer;
        try {
            message[name]?.(structOf({ some: name }));
            return JSON.stringify(message.toObject()).includes("fieldsMap");
        } catch {
            return false;
        }
    });
}

describe("messages with bags", () => {
    for (const method of METHODS) {
        const { requestType, responseType } = plain[method] as unknown as Record<
            "requestType" | "responseType",
            new () => Message
        >;

        it(`${method}: a request is read as the engine wrote it, each bag apart`, () => {
            const request = new requestType() as Bearer;
            (request as unknown as proto.UpdateRequest).setUrn?.("urn:pulumi:dev::shop::t::n");
            const setters = bagsOf(requestType);
            for (const setter of setters) request[setter]?.(structOf({ some: setter }));
            const { message, bags } = service[method]?.requestDeserialize(
                Buffer.from(request.serializeBinary()),
            ) as unknown as Carried<Message>;
            assert.deepEqual(
                new Set(Object.values(bags).map((bytes) => decode(bytes).some)),
                new Set(setters),
                "every bag is there",
            );
            for (const setter of setters) request[setter]?.(undefined);
            assert.deepEqual(message.toObject(), request.toObject());
        });

        it(`${method}: a reply is read by the engine as it was meant`, () => {
            const setters = bagsOf(responseType);
            const nameOf = (setter: string) => setter.charAt(3).toLowerCase() + setter.slice(4);
            const bags = Object.fromEntries(setters.map((setter) => [nameOf(setter), encode({ some: setter })]));
            const bytes = service[method]?.responseSerialize({ message: new responseType(), bags });
            const expected = new responseType() as Bearer;
            for (const setter of setters) expected[setter]?.(structOf({ some: setter }));
            const read = plain[method]?.responseDeserialize(bytes as Buffer) as unknown as Message;
            assert.deepEqual(read.toObject(), expected.toObject());
        });
    }

    it("tell no bag from an empty one", () => {
        const read = (bags: object) =>
            proto.ReadResponse.deserializeBinary(
                service.read?.responseSerialize({ message: new proto.ReadResponse(), bags }) as Buffer,
            );
        assert.equal(read({}).getProperties(), undefined);
        assert.ok(read({ properties: encode({}) }).getProperties() instanceof Struct);
    });

    it("are left as they are where they have none", () => assert.equal(service.getSchema, plain.getSchema));
});
