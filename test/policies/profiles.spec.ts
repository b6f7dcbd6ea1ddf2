import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { packFolder, profileFile } from "../../policies/location";
import { profileOf, profileText } from "../../policies/profiles";
import { PROFILES } from "../../policies/rule";
import { everyRule } from "../../policies/table";

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
            assert.deepEqual(Object.keys(profileOf(profile)), [...everyRule.map(({ id }) => id), "undecided"]);
    });

    it("make the performance of a NIC mandatory for throughput, with a ring of 1024", () => {
        const { "ring-undersized": ring, "queues-missing": queues } = profileOf("throughput");
        assert.deepEqual(ring, { enforcementLevel: "mandatory", minimum: 1024 });
        assert.deepEqual(queues, { enforcementLevel: "mandatory", vcpus: 2 });
    });

    it("make it advisory by default, with a ring of 512", () => {
        const { "ring-undersized": ring, "queues-missing": queues } = profileOf("default");
        assert.deepEqual(ring, { enforcementLevel: "advisory", minimum: 512 });
        assert.deepEqual(queues, { enforcementLevel: "advisory", vcpus: 2 });
    });

    it("keep what cannot work mandatory in every one", () => {
        for (const profile of PROFILES)
            for (const id of ["nic-model-explicit", "ring-valid", "ring-tx-backend", "queues-max", "tap-name-reserved"])
                assert.equal(profileOf(profile)[id]?.enforcementLevel, "mandatory", `${id} in ${profile}`);
    });

    it("stop every emulated NIC for security, and none for a lab of old systems", () => {
        assert.deepEqual(profileOf("security")["nic-model-legacy"], { enforcementLevel: "mandatory", newer: 1 });
        assert.equal(profileOf("legacy-lab")["nic-model-legacy"]?.enforcementLevel, "advisory");
    });
});
