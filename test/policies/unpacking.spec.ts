import assert from "node:assert/strict";
import * as server from "@pulumi/policy/server";
import analyzer from "@pulumi/pulumi/proto/analyzer_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { PolicyPackArgs } from "@pulumi/policy";
import { packOf } from "../../policies/pack";
import { made } from "../../policies/rules/examples";
import { rules, stackRules } from "../../policies/table";
import { unpackOnce } from "../../policies/unpacking";

/** What the SDK's server makes the engine's answers with. */
const { makeAnalyzeRpcFun, makeAnalyzeStackRpcFun } = server as unknown as Record<
    "makeAnalyzeRpcFun" | "makeAnalyzeStackRpcFun",
    (pack: string, version: string, level: string, policies: PolicyPackArgs["policies"]) => Answer
>;
type Answer = (call: { request: unknown }, done: (error: Error | null | undefined) => void) => void;

/** How often properties were unpacked on the way to an answer. */
function unpackings(answer: Answer, request: unknown): Promise<number> {
    const { toJavaScript } = Struct.prototype;
    let count = 0;
    Struct.prototype.toJavaScript = function (this: Struct) {
        count += 1;
        return toJavaScript.call(this);
    };
    return new Promise<number>((resolve, reject) =>
        answer({ request }, (error) => (error ? reject(error) : resolve(count))),
    ).finally(() => (Struct.prototype.toJavaScript = toJavaScript));
}

function sent<Message extends analyzer.AnalyzeRequest | analyzer.AnalyzerResource>(message: Message): Message {
    const { type, props } = made("ovs:Port", { name: "p", bridge: "b", trunks: ["100"] });
    message.setType(type);
    message.setUrn(`urn:pulumi:test::test::${type}::p`);
    message.setName("p");
    message.setOptions(new analyzer.AnalyzerResourceOptions());
    message.setProperties(Struct.fromJavaScript(props as Record<string, string>));
    return message;
}

describe("what the engine sends to the pack", () => {
    const { policies } = packOf(rules, stackRules);

    it("is unpacked once for all rules about a resource", async () =>
        assert.equal(
            await unpackings(
                makeAnalyzeRpcFun("kvmnet", "1.0.0", "mandatory", policies),
                sent(new analyzer.AnalyzeRequest()),
            ),
            1,
        ));

    it("is unpacked once for all rules about a stack", async () => {
        const stack = new analyzer.AnalyzeStackRequest();
        stack.setResourcesList([sent(new analyzer.AnalyzerResource()), sent(new analyzer.AnalyzerResource())]);
        assert.equal(await unpackings(makeAnalyzeStackRpcFun("kvmnet", "1.0.0", "mandatory", policies), stack), 2);
    });
});

describe("unpacking once", () => {
    const fresh = () => {
        const unpacking = { deserializeProperties: (_message: object, keepsSecrets: boolean) => ({ keepsSecrets }) };
        unpackOnce(unpacking);
        return unpacking;
    };

    it("hands out the same for one message, and another for another", () => {
        const { deserializeProperties } = fresh();
        const message = {};
        assert.equal(deserializeProperties(message, false), deserializeProperties(message, false));
        assert.notEqual(deserializeProperties(message, false), deserializeProperties({}, false));
    });

    it("leaves what a remediation may change to that remediation", () => {
        const { deserializeProperties } = fresh();
        const message = {};
        const judged = deserializeProperties(message, false);
        assert.notEqual(deserializeProperties(message, true), deserializeProperties(message, true));
        assert.deepEqual(
            [judged, deserializeProperties(message, true)],
            [{ keepsSecrets: false }, { keepsSecrets: true }],
        );
    });

    it("is set up once, and not in an SDK that does it elsewhere", () => {
        const unpacking = fresh();
        const { deserializeProperties } = unpacking;
        unpackOnce(unpacking);
        assert.equal(unpacking.deserializeProperties, deserializeProperties);
        const other = {};
        unpackOnce(other);
        assert.deepEqual(other, {});
    });
});
