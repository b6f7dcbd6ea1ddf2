import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { packFolder, profileFile } from "../../policies/location";
import { profileOf, profileText } from "../../policies/profiles";
import { PROFILES } from "../../policies/rule";
import { rules } from "../../policies/table";

describe("the profiles", () => {
    for (const profile of PROFILES)
        it(`lie in ${profile}.json as the table makes them`, () =>
            assert.equal(readFileSync(profileFile(profile), "utf8"), profileText(profile)));

    it("are the only files there", () =>
        assert.deepEqual(
            readdirSync(join(packFolder, "profiles")).sort(),
            PROFILES.map((name) => basename(profileFile(name))).sort(),
        ));

    it("name every rule", () => {
        for (const profile of PROFILES)
            assert.deepEqual(Object.keys(profileOf(profile)), [...rules.map(({ id }) => id), "undecided"]);
    });

    it("make all three NIC rules mandatory for throughput, with a ring of 1024", () =>
        assert.deepEqual(profileOf("throughput"), {
            "nic-model-explicit": { enforcementLevel: "mandatory" },
            "ring-undersized": { enforcementLevel: "mandatory", minimum: 1024 },
            "queues-missing": { enforcementLevel: "mandatory", vcpus: 2 },
            undecided: { enforcementLevel: "advisory" },
        }));

    it("make only the model mandatory by default, with a ring of 512", () =>
        assert.deepEqual(profileOf("default"), {
            "nic-model-explicit": { enforcementLevel: "mandatory" },
            "ring-undersized": { enforcementLevel: "advisory", minimum: 512 },
            "queues-missing": { enforcementLevel: "advisory", vcpus: 2 },
            undecided: { enforcementLevel: "advisory" },
        }));
});
