import assert from "node:assert/strict";
import { EngineProject } from "../support/engine-project";
import { labName } from "../support/labs";
import { ProviderLab } from "./provider-lab";

const PROGRAM = `
import { host, ovs } from "kvmnet";
const { name: bridge } = new ovs.Bridge("br", { name: "br0", datapathType: "netdev" });
const { name } = new host.Tap("tap", { name: "t0" });
new ovs.Port("port", { name, bridge, tag: 100 });
new ovs.PortSet("set", { bridge, ports: { web0: { tag: 200, tap: {} }, web1: { tag: 201, tap: { mtu: 1400 } } } });
`;

describe("a second `up` with nothing to do", function () {
    this.timeout(300_000);

    const lab = new ProviderLab(labName("idle"));
    let project: EngineProject;
    before(async () => {
        await lab.up();
        project = new EngineProject({ name: "idle" });
        project.write("index.ts", PROGRAM);
        await project.init({ "kvmnet:host": lab.host });
        await project.pulumi("up", "--yes", "--skip-preview");
    });
    after(async () => {
        project.remove();
        await lab.down();
    });

    it("writes nothing on the host", async () => {
        const written = async () => [await lab.nextCfg(), await lab.run("ip", "-details", "link", "show")];
        const before = await written();
        await project.pulumi("up", "--yes", "--expect-no-changes");
        assert.deepEqual(await written(), before);
    });

    it("reads nothing there either: it succeeds though the host is gone", async () => {
        await lab.down();
        await project.pulumi("up", "--yes", "--expect-no-changes");
    });

    it("would fail without the host if it asked for anything, as a refresh does", async () => {
        const { status, output } = await project.run("refresh", "--yes");
        assert.notEqual(status, 0);
        assert.match(output, new RegExp(`lab ${lab.name}: it is not up`));
    });
});
