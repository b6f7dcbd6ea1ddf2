/** What the engine is told to replace though nothing of it has changed, and what stands on what is replaced. */
import assert from "node:assert/strict";
import { EngineProject } from "../support/engine-project";
import { labName } from "../support/labs";
import { ProviderLab } from "./provider-lab";

/** @param options of the bridge */
const program = (options: string) => `
    import { host, ovs } from "kvmnet";
    const bridge = new ovs.Bridge("bridge", { name: "eb0", datapathType: "netdev" }, ${options});
    new ovs.PortSet("set", { bridge: bridge.name, ports: { ep0: { tag: 5, tap: {} } } });
    const link = new host.Vxlan("link", { name: "ex0", vni: 9, remote: "192.0.2.2" }, ${options});
    const address = new host.Address("address", { link: link.name, address: "10.66.0.1/24" });
    new host.Route("route", { destination: "10.67.0.0/16", link: link.name }, { dependsOn: address });
`;

describe("`pulumi up --replace`", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(labName("replaced"));
    let project: EngineProject;
    before(async () => {
        await lab.up();
        project = new EngineProject({ name: "replaced" });
        await project.init({ "kvmnet:host": lab.host });
        project.write("index.ts", program("{}"));
        await project.pulumi("up", "--yes", "--skip-preview");
    });
    after(async () => {
        project?.remove();
        await lab.down();
    });

    const BOTH = ["kvmnet:ovs:Bridge::bridge", "kvmnet:host:Vxlan::link"];
    const replace = () =>
        project.pulumi(
            ...["up", "--yes", "--skip-preview"],
            ...BOTH.flatMap((type) => ["--replace", `urn:pulumi:dev::replaced::${type}`]),
        );
    const isWhole = async () => {
        assert.equal((await lab.run("ovs-vsctl", "list-ports", "eb0")).trim(), "ep0");
        assert.match(await lab.run("ip", "route", "show", "10.67.0.0/16"), /dev ex0/);
        await project.pulumi("preview", "--refresh", "--expect-no-changes");
    };

    it("leaves what the engine makes before it deletes the former one, which is the same", async () => {
        await replace();
        await isWhole();
    });

    it("makes anew what stands on what the engine deletes first", async () => {
        project.write("index.ts", program("{ deleteBeforeReplace: true }"));
        const told = await replace();
        assert.match(told, /kvmnet:ovs:PortSet +set +(?:created|deleted|creating|replac)/, told);
        await isWhole();
    });
});
