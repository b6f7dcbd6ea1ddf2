import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packOf } from "../../policies/pack";
import { nativeDomain } from "../../policies/rules/examples";
import { rules, stackRules } from "../../policies/table";
import { type Config, runPack, type TestResource } from "../../policies/test-kit";
import { exemptionText } from "../../schemas/exemption";

const REASON = "The image has no virtio driver.";
const legacy = (name: string, ...texts: string[]): TestResource => ({
    ...nativeDomain({ model: { type: "rtl8139" }, mac: { address: `52:54:00:00:00:0${name.length}` } }, { vcpu: 1 }),
    name,
    options: { additionalSecretOutputs: texts },
});
const carried = (more: object = {}) => exemptionText({ rule: "nic-model-legacy", reason: REASON, ...more });

/** What policies told, without what is told of a pass. */
const judged = async (resources: TestResource[], settings: object = {}) => {
    const config: Config = { "exemption-valid": { ...settings } };
    const { violations, notApplied } = await runPack(packOf(rules, stackRules), resources, config);
    return {
        told: violations.map(({ policy, resource, level }) => [policy, resource, level]),
        messages: violations.map(({ message }) => message).join("\n"),
        exempted: notApplied.filter(({ reason }) => reason.startsWith("Exempted")),
    };
};

describe("the pack, of an exemption", () => {
    it("reports what is not exempted", async () => {
        const { told } = await judged([legacy("web")]);
        assert.deepEqual(told, [["nic-model-legacy", "web", "mandatory"]]);
    });

    it("on the resource: says of the rule that it does not apply, with the reason, and lists it at the end", async () => {
        const { told, messages, exempted } = await judged([legacy("web", carried())]);
        assert.deepEqual(told, [["exemption-unused", "", "advisory"]]);
        assert.match(
            messages,
            /1 finding is exempted:\nnic-model-legacy for Domain web, NIC .*: The image has no virtio driver\./,
        );
        assert.deepEqual(exempted, [{ policy: "nic-model-legacy", resource: "web", reason: `Exempted: ${REASON}` }]);
    });

    it("covers no other resource", async () => {
        const { told } = await judged([legacy("web", carried()), legacy("router")]);
        assert.deepEqual(told[0], ["nic-model-legacy", "router", "mandatory"]);
    });

    it("past its end, without a reason, or from no rule of ours: exempts nothing and is a violation itself", async () => {
        for (const text of [
            carried({ until: "2020-01-01" }),
            carried({ reason: "" }),
            "kvmnet:exempt",
            carried({ rule: "no-such-rule" }),
        ]) {
            const { told } = await judged([legacy("web", text)]);
            assert.deepEqual(told, [
                ["exemption-valid", "web", "mandatory"],
                ["nic-model-legacy", "web", "mandatory"],
            ]);
        }
    });

    it("that meets nothing is told once, whoever carries it", async () => {
        const { told } = await judged([
            {
                ...nativeDomain({ model: { type: "virtio" }, driver: { queues: 4, rxQueueSize: 1024 } }),
                options: { additionalSecretOutputs: [carried({ owner: "vm" })] },
            },
            {
                type: "kvmnet:host:Tap",
                name: "tap",
                props: { name: "tap" },
                options: { additionalSecretOutputs: [carried({ owner: "vm" })] },
            },
        ]);
        assert.deepEqual(told, [["exemption-unused", "web", "advisory"]]);
    });

    it("in the config, by a pattern of URNs", async () => {
        const list = [{ rule: "nic-model-legacy", resource: "urn:*:Domain::router-*", reason: REASON }];
        const { told, exempted } = await judged([legacy("router-1"), legacy("web")], { list });
        assert.deepEqual(
            exempted.map(({ resource }) => resource),
            ["router-1"],
        );
        assert.deepEqual(told[0], ["nic-model-legacy", "web", "mandatory"]);
    });

    it("in a file, by the same patterns as in the linter", async () => {
        const folder = mkdtempSync(join(tmpdir(), "kvmnet-exemptions-"));
        try {
            const file = join(folder, "exemptions.yaml");
            writeFileSync(
                file,
                `exemptions:\n  - rule: nic-model-legacy\n    resource: "Domain web*"\n    reason: ${REASON}\n`,
            );
            assert.equal((await judged([legacy("web")], { file })).exempted.length, 1);
            assert.match((await judged([legacy("web")], { file: "exemptions.yaml" })).messages, /is an absolute path/);
            writeFileSync(file, "exemptions: 5");
            const { told, messages } = await judged([legacy("web")], { file });
            assert.deepEqual(told[0], ["exemption-valid", "web", "mandatory"]);
            assert.match(messages, /exemptions is a list/);
        } finally {
            rmSync(folder, { recursive: true });
        }
    });

    it("that the administrator forbids exempts nothing, wherever it stands", async () => {
        const { told } = await judged([legacy("web", carried())], { forbidden: ["nic-model-legacy"] });
        assert.deepEqual(told, [
            ["exemption-valid", "web", "mandatory"],
            ["nic-model-legacy", "web", "mandatory"],
        ]);
    });

    it("is not forbidden in silence from a rule that there is not", async () => {
        const { told, messages } = await judged([legacy("web", carried())], { forbidden: ["nic-modle-legacy"] });
        assert.deepEqual(told[0], ["exemption-valid", "web", "mandatory"]);
        assert.match(messages, /a rule that there is not: "nic-modle-legacy"/);
        assert.doesNotMatch(
            (await judged([legacy("web", carried())], { forbidden: ["*"] })).messages,
            /a rule that there is not/,
        );
    });

    it("covers findings across the stack, too", async () => {
        const port = { type: "kvmnet:ovs:Port", name: "tap0", props: { name: "tap0", bridge: "br0", type: "system" } };
        const text = exemptionText({ rule: "trunk-unbounded", reason: "A router that needs every VLAN." });
        const { told } = await judged([{ ...port, options: { additionalSecretOutputs: [text] } }]);
        assert.deepEqual(told, [["exemption-unused", "", "advisory"]]);
    });
});
