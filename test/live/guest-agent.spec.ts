import assert from "node:assert/strict";
import { openGuest, labDown } from "../../lab";
import { kvmnet } from "../support/command";
import { eventually } from "../support/eventually";
import { labName } from "../support/labs";
import { sampleProject, type SampleProject } from "../support/sample";

const LAB = labName("agent");
/** Longest wait for the agents of emulated guests on a busy machine [ms]; one that is slower than it may be counts as none. */
const PATIENCE_MS = 120_000;

interface Told {
    guest: string;
    nic: string;
    cells: { field: string; agrees: boolean; cause?: string; said: { by: string; value: string }[] }[];
}

describe("a guest with QEMU's agent", function () {
    this.timeout(600_000);
    let project: SampleProject;
    before(async () => {
        project = sampleProject(LAB);
        const { status, output } = await kvmnet(project.folder, "up");
        assert.equal(status, 0, output);
        // An agent answers a moment after its guest has booted.
        await eventually(async () => {
            const silent = (await verified()).nics.filter((nic) => Object.keys(byAgent(nic)).length === 0);
            assert.deepEqual(silent, []);
        }, PATIENCE_MS);
    });
    after(async () => {
        await labDown(LAB);
        project.remove();
    });

    const verified = async () => {
        const { status, output } = await kvmnet(project.folder, "verify", "--json");
        return { status, nics: JSON.parse(output.slice(output.indexOf("[\n"))) as Told[] };
    };
    const byAgent = ({ cells }: Told) =>
        Object.fromEntries(
            cells.flatMap(({ field, said }) =>
                said.flatMap(({ by, value }) => (by === "guest agent" ? [[field, value]] : [])),
            ),
        );
    const inGuest = async (guest: string, ...argv: string[]) => {
        const console = await openGuest(LAB, guest);
        try {
            const { exitCode, output } = await console.run(argv);
            assert.equal(exitCode, 0, output);
        } finally {
            console.close();
        }
    };
    const dataOf = (nics: Told[], guest: string) => nics.find((one) => one.guest === guest && one.nic === "data")!;

    it("is asked by kvmnet verify, NIC by NIC, and agrees with its declaration", async () => {
        await eventually(async () => {
            const { status, nics } = await verified();
            assert.equal(status, 0);
            assert.equal(nics.length, 6);
            for (const nic of nics)
                assert.deepEqual(byAgent(nic), { model: "virtio", queues: "4", MTU: "1500" }, nic.guest);
        }, PATIENCE_MS);
    });

    it("tells what changed there since it booted, which nobody else could", async () => {
        await inGuest("web-1", "ip", "link", "set", "eth0", "mtu", "1400");
        await inGuest("web-1", "ethtool", "-L", "eth0", "combined", "2");
        let nics: Told[] = [];
        await eventually(async () => {
            const told = await verified();
            nics = told.nics;
            assert.equal(told.status, 1);
            assert.deepEqual(byAgent(dataOf(nics, "web-1")), { model: "virtio", queues: "2", MTU: "1400" });
        }, PATIENCE_MS);
        for (const { field, agrees, cause } of dataOf(nics, "web-1").cells) {
            assert.equal(agrees, !["queues", "MTU"].includes(field), field);
            if (!agrees) assert.match(cause ?? "", /changed in the guest since it booted/);
        }
        assert(dataOf(nics, "web-2").cells.every(({ agrees }) => agrees));
    });

    it("is missed by nobody once it has ended: the others are believed", async () => {
        await inGuest("web-2", "killall", "qemu-ga");
        await eventually(async () => {
            const { nics } = await verified();
            assert.deepEqual(byAgent(dataOf(nics, "web-2")), {});
            assert(dataOf(nics, "web-2").cells.every(({ agrees }) => agrees));
            assert.notDeepEqual(byAgent(dataOf(nics, "db-1")), {});
        }, PATIENCE_MS);
    });
});
