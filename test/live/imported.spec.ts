/** What stands already and is imported, in a project without configuration: on this machine, of which a setting is read. */
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
});
