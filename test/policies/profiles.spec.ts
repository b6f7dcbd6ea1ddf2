import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { packFolder, profileFile } from "../../policies/location";
import { rulePage, rulesIndex } from "../../policies/pages";
import { profileOf, profileText } from "../../policies/profiles";
import { PROFILES } from "../../policies/rule";
import { everyRule } from "../../policies/table";
import { everyUpkeepRule, upkeepRules } from "../../policies/upkeep";

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
            assert.deepEqual(
                Object.keys(profileOf(profile)),
                [...everyRule, ...upkeepRules].map(({ id }) => id),
            );
    });

    it("make the performance of a NIC mandatory for throughput, with a ring of 1024", () => {
        const { "ring-undersized": ring, "queues-missing": queues } = profileOf("throughput");
        assert.deepEqual(ring, { enforcementLevel: "mandatory", minimum: 1024, rate: 10 });
        assert.deepEqual(queues, { enforcementLevel: "mandatory", vcpus: 2 });
    });

    it("make it advisory by default, with a ring of 512", () => {
        const { "ring-undersized": ring, "queues-missing": queues } = profileOf("default");
        assert.deepEqual(ring, { enforcementLevel: "advisory", minimum: 512, rate: 10 });
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

describe("the rules' pages", () => {
    const folder = join(packFolder, "..", "docs", "rules");

    it("lie in docs/rules as the table makes them, and no others", () => {
        assert.deepEqual(
            readdirSync(folder).sort(),
            ["README.md", ...[...everyRule, ...everyUpkeepRule].map(({ id }) => `${id}.md`)].sort(),
            "run `npm run rules`",
        );
        assert.equal(readFileSync(join(folder, "README.md"), "utf8"), rulesIndex());
        for (const rule of [...everyRule, ...everyUpkeepRule])
            assert.equal(readFileSync(join(folder, `${rule.id}.md`), "utf8"), rulePage(rule), "run `npm run rules`");
    });

    it("say why with a source, how to put it right, and what is refused", () => {
        for (const rule of everyRule) {
            const page = rulePage(rule);
            for (const heading of ["## Why", "## Fix", "## Refused", "## Passes"])
                assert.ok(page.includes(heading), rule.id);
            assert.ok(rule.sources.length > 0);
        }
    });
});
