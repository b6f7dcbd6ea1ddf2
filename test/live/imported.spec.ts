/** What stands already and is imported, in a project without configuration: on this machine, of which a setting is read. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { silent } from "../../engine";
import { prepareOtherLanguages } from "../prepare";
import { EngineProject } from "../support/engine-project";

const FIRST_RUN_MS = 30 * 60_000;
const TYPE = "kvmnet:host:Sysctl";
const KEY = "net.ipv4.ip_default_ttl";
const value = readFileSync("/proc/sys/net/ipv4/ip_default_ttl", "utf8").trim();

describe("what was imported without configuration", function () {
    this.timeout(300_000);
    let path: string[];
    let project: EngineProject;
    before(async function () {
        this.timeout(FIRST_RUN_MS);
        path = await prepareOtherLanguages(silent);
    });
    afterEach(() => project.remove());

    it("is kept by the next run of a program that declares it", async () => {
        const resources = { ttl: { type: TYPE, properties: { key: KEY, value } } };
        project = new EngineProject({ name: "adopted", runtime: "yaml", path, declares: { resources } });
        await project.init({});
        await project.pulumi("import", TYPE, "ttl", KEY, "--yes", "--generate-code=false", "--protect=false");
        await project.pulumi("preview", "--expect-no-changes");
    });

    it("is in the state where no code is written for it, and is said to be, with what leaves the code out", async () => {
        project = new EngineProject({ name: "adopted" });
        project.write("index.ts", "");
        await project.init({});
        const { status, output } = await project.run("import", TYPE, "ttl", KEY, "--yes");
        assert.notEqual(status, 0);
        assert.match(output, /no program.* is imported .* --generate-code=false/s);
        assert.match(await project.pulumi("stack", "--show-urns"), /kvmnet:host:Sysctl::ttl/);
    });
});
