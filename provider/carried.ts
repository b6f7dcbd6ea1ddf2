/** Messages with properties: their bags stay bytes beside them, so that only those that are needed are read, and by us. */
import type { ServiceDefinition } from "@grpc/grpc-js";
import { BinaryReader, BinaryWriter } from "google-protobuf";
import { beThrifty } from "./thrift";

/** A message of Pulumi's without its bags, and these by their names, serialized. */
export interface Carried<Message> {
    message: Message;
    bags: Bags;
}
type Bags = { readonly [name: string]: Uint8Array | undefined };

interface Serializable {
    serializeBinary(): Uint8Array;
}

/** Field numbers of bags in pulumi/provider.proto: those of the request by method, and those of the reply. */
type Numbers = Readonly<Record<string, number>>;
const METHODS: Readonly<Record<string, readonly [request: Numbers, reply: Numbers]>> = {
    check: [{ olds: 2, news: 3, oldOutputs: 9 }, { inputs: 1 }],
    diff: [{ olds: 3, news: 4, oldInputs: 6 }, {}],
    create: [{ properties: 2 }, { properties: 2 }],
    read: [
        { properties: 3, inputs: 4 },
        { properties: 2, inputs: 3 },
    ],
    update: [{ olds: 3, news: 4, oldInputs: 8 }, { properties: 1 }],
    delete: [{ properties: 3, oldInputs: 5 }, {}],
    invoke: [{ args: 2 }, { return: 1 }],
};

/** The service whose handlers take and give carried messages, where these have bags. */
export function carrying(service: ServiceDefinition): ServiceDefinition {
    const carried = Object.entries(METHODS).map(([method, [request, reply]]) => {
        const plain = service[method] as ServiceDefinition[string];
        return [
            method,
            {
                ...plain,
                requestDeserialize: (bytes: Buffer) => {
                    beThrifty(bytes.length);
                    const { rest, bags } = apart(bytes, request);
                    return { message: plain.requestDeserialize(rest) as unknown, bags };
                },
                responseSerialize: (response: Carried<Serializable>) => joined(response, reply),
            },
        ] as const;
    });
    return { ...service, ...Object.fromEntries(carried) };
}

/** The fields of these numbers, and the message without them. */
function apart(bytes: Buffer, numbers: Numbers): { rest: Buffer; bags: Bags } {
    const names = new Map(Object.entries(numbers).map(([name, number]) => [number, name]));
    const bags: Record<string, Uint8Array> = {};
    const rest: Buffer[] = [];
    const reader = new BinaryReader(bytes);
    for (let from = 0; reader.nextField(); from = reader.getCursor()) {
        const name = names.get(reader.getFieldNumber());
        if (name !== undefined) bags[name] = reader.readBytes();
        else {
            reader.skipField();
            rest.push(bytes.subarray(from, reader.getCursor()));
        }
    }
    return { rest: Buffer.concat(rest), bags };
}

/** A message within a message is written as bytes are; fields have no order. */
function joined({ message, bags }: Carried<Serializable>, numbers: Numbers): Buffer {
    const writer = new BinaryWriter();
    for (const [name, number] of Object.entries(numbers)) {
        const bag = bags[name];
        if (bag) writer.writeBytes(number, bag);
    }
    return Buffer.concat([message.serializeBinary(), writer.getResultBuffer()]);
}
