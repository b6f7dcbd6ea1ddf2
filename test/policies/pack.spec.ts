import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packFolder } from "../../policies/location";
import { packOf } from "../../policies/pack";
import { profileOf } from "../../policies/profiles";
import { classicDomain, nativeDomain } from "../../policies/rules/examples";
import { rules } from "../../policies/table";
import { NOT_KNOWN_YET, runPolicy } from "../../policies/test-kit";

const pack = () => packOf(rules);
const good = { model: { type: "virtio" }, driver: { queues: 4, rxQueueSize: 1024 } };

const versionIn = (folder: string) =>
    (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string }).version;

describe("the policy pack", () => {
    it("carries the version of the package", () =>
        assert.equal(versionIn(packFolder), versionIn(join(packFolder, ".."))));

    it("fills every field that the engine shows", () => {
        for (const policy of pack().policies)
            for (const field of [
                "name",
                "displayName",
                "description",
                "severity",
                "enforcementLevel",
                "tags",
                "remediationSteps",
            ] as const)
                assert.ok(policy[field]?.length, `${policy.name} has no ${field}`);
    });

    it("gives each threshold with its bounds and default", () => {
        const ring = pack().policies.find(({ name }) => name === "ring-undersized");
        assert.deepEqual(ring?.configSchema?.properties.minimum, {
            type: "integer",
            description: "Fewest receive descriptors that are enough [descriptors].",
            default: 512,
            minimum: 512,
            maximum: 1024,
            enum: [512, 1024],
        });
    });

    it("takes levels and thresholds from a profile", async () => {
        const domain = nativeDomain({ ...good, driver: { queues: 4, rxQueueSize: 512 } });
        assert.deepEqual(await runPolicy(pack(), [domain], profileOf("default")), []);
        const [violation] = await runPolicy(pack(), [domain], profileOf("throughput"));
        assert.equal(violation?.policy, "ring-undersized");
        assert.equal(violation.level, "mandatory");
        assert.match(violation.message, /its RX ring has 512 descriptors, and 1024 are asked for/);
    });

    it("says nothing of a rule that is disabled", async () =>
        assert.deepEqual(
            await runPolicy(pack(), [nativeDomain({ ...good, model: undefined })], {
                "nic-model-explicit": { enforcementLevel: "disabled" },
            }),
            [],
        ));

    it("says nothing of other resources", async () =>
        assert.deepEqual(await runPolicy(pack(), [{ ...nativeDomain({}), type: "kvmnet:ovs:Port" }]), []));

    it("names each NIC on its own", async () => {
        const nics = [
            { mac: { address: "52:54:00:00:00:01" } },
            { mac: { address: "52:54:00:00:00:02" }, ...good },
            {},
        ];
        const domain = nativeDomain({}, { devices: { interfaces: nics } });
        const told = (await runPolicy(pack(), [domain])).map(
            ({ message }) => /web, (NIC [^:]+(:\w\w)*)/.exec(message)?.[1],
        );
        assert.deepEqual(told, ["NIC 52:54:00:00:00:01", "NIC number 3"]);
    });

    it("shows no control characters of a resource's name", async () => {
        const [violation] = await runPolicy(pack(), [{ ...nativeDomain({}), name: "a\n\u001b[31mb" }]);
        assert.match(violation?.message ?? "", /Domain a\?\?\[31mb,/);
    });
});

describe("a value that is not known during preview", () => {
    const undecided = (props: object) =>
        runPolicy(pack(), [nativeDomain({ ...good, ...props })], profileOf("throughput"));

    it("is told for the rule that needs it, as a remark, and counted at the end", async () => {
        const told = await undecided({ driver: { queues: 4, rxQueueSize: NOT_KNOWN_YET } });
        assert.deepEqual(
            told.map(({ policy, level }) => [policy, level]),
            [
                ["ring-valid", "advisory"],
                ["ring-undersized", "advisory"],
                ["undecided", "advisory"],
            ],
        );
        assert.equal(
            told[1]?.message,
            "Could not decide: Domain web, NIC 52:54:00:12:34:56: rxQueueSize is not known yet.",
        );
        assert.match(
            told[2]?.message ?? "",
            /Rules could not decide 2 times \(ring-undersized 1, ring-valid 1\)\. This is not a pass\./,
        );
    });

    it("leaves every rule open where it hides the NICs", async () => {
        for (const domain of [
            nativeDomain({}, { devices: NOT_KNOWN_YET }),
            nativeDomain({}, { devices: { interfaces: NOT_KNOWN_YET } }),
            nativeDomain({}, { devices: { interfaces: [NOT_KNOWN_YET] } }),
            classicDomain("", { xml: { xslt: NOT_KNOWN_YET } }),
            classicDomain("", { xml: NOT_KNOWN_YET }),
            classicDomain("", { networkInterfaces: NOT_KNOWN_YET }),
        ]) {
            const told = await runPolicy(pack(), [domain]);
            // What stands on the domain itself is known in some of these.
            const ofTheDomain = ["vhost-explicit", "pin-emulator", "pin-auto", "sec-unfiltered-vnc", "iothread-nic"];
            const open = rules
                .filter(({ types }) => types.includes(domain.type))
                .map(({ id }) => id)
                .filter((id) => !ofTheDomain.includes(id));
            assert.deepEqual(
                told.map(({ policy }) => policy).filter((id) => !ofTheDomain.includes(id)),
                [...open, "undecided"],
            );
            assert.ok(told.every(({ level }) => level === "advisory"));
        }
    });

    it("is no matter where the rule can decide without it", async () => {
        assert.deepEqual(
            await undecided({ mac: { address: NOT_KNOWN_YET }, source: NOT_KNOWN_YET, model: { type: "e1000" } }).then(
                (told) => told.filter(({ policy }) => policy === "nic-model-explicit"),
            ),
            [],
        );
        const told = await runPolicy(pack(), [nativeDomain(good, { vcpu: NOT_KNOWN_YET })]);
        assert.deepEqual(
            told.filter(({ policy }) => policy === "queues-missing"),
            [],
        );
    });

    it("does not silence what is wrong beside it", async () => {
        const interfaces = [
            NOT_KNOWN_YET,
            good,
            { model: { type: "virtio" }, driver: { queues: 1, rxQueueSize: 1024 } },
        ];
        const told = await runPolicy(pack(), [nativeDomain({}, { devices: { interfaces } })], profileOf("throughput"));
        const queues = told.filter(({ policy }) => policy === "queues-missing");
        assert.deepEqual(
            queues.map(({ level, message }) => [level, /NIC number \d/.exec(message)?.[0]]),
            [
                ["advisory", "NIC number 1"],
                ["mandatory", "NIC number 3"],
            ],
        );
    });

    it("is not counted any more once the same resource is judged with it", async () => {
        const one = pack();
        const open = nativeDomain({ ...good, model: { type: NOT_KNOWN_YET } });
        assert.ok((await runPolicy(one, [open])).length > 0);
        assert.deepEqual(await runPolicy(one, [nativeDomain(good)]), []);
    });
});
