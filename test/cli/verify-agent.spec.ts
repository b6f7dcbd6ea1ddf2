import assert from "node:assert/strict";
import { agentsOf } from "../../cli/verify/agent";
import { verifyNic } from "../../cli/verify/compare";
import type { Place } from "../../provider/host/place";
import type { DeclaredNic } from "../../schemas/declared";

const data: DeclaredNic = {
    guest: "web-1",
    nic: "data",
    mac: "52:54:00:00:00:01",
    tap: "web-1-data",
    plug: { kind: "ovs", bridge: "br-vm", vlan: 100 },
    model: "virtio",
    queues: 4,
    rxRing: 1024,
    txRing: 256,
    mtu: 1500,
    address: null,
};

/** A virsh with one guest, as far as an agent there is asked: its interfaces by MAC address, and the files of each. */
function virshWith(interfaces: Record<string, string>, files: Record<string, string>) {
    const asked: string[] = [];
    const handles: string[] = [];
    const answer = (command: string) => {
        const [, guest, text = ""] = /--domain (\S+) --cmd '(.*)'$/.exec(command) ?? [];
        if (guest !== "web-1") return "";
        const { execute, arguments: given = {} } = JSON.parse(text) as {
            execute: string;
            arguments?: { path?: string; handle?: number };
        };
        asked.push(execute);
        if (execute === "guest-network-get-interfaces")
            return returns(Object.entries(interfaces).map(([mac, name]) => ({ name, "hardware-address": mac })));
        if (execute === "guest-file-open")
            return given.path! in files ? returns(1000 + handles.push(given.path!) - 1) : "";
        const text64 = Buffer.from(files[handles[given.handle! - 1000]!]!).toString("base64");
        return returns(execute === "guest-file-read" ? { "buf-b64": text64, eof: true } : {});
    };
    const run = (argv: string[]) => {
        const stdout = argv
            .at(-1)!
            .split("; ")
            .map((command) => (command.startsWith("echo ") ? `${command.slice(5)}\n` : answer(command)))
            .join("");
        return Promise.resolve({ code: 0, stdout, stderr: "" });
    };
    return { place: { run } as unknown as Place, asked };
}

const returns = (value: unknown) => JSON.stringify({ return: value });

const filesOf = (link: string, queues: number, mtu = 1500) =>
    Object.fromEntries([
        [`/sys/class/net/${link}/mtu`, `${mtu}\n`],
        [`/sys/class/net/${link}/device/uevent`, "DRIVER=virtio_net\nMODALIAS=virtio:d00000001v00001AF4\n"],
        ...Array.from({ length: queues }, (_, index) => [`/sys/class/net/${link}/queues/rx-${index}/rps_cpus`, "0\n"]),
    ]) as Record<string, string>;

describe("the agent in a guest", () => {
    it("tells driver, queues in use and MTU of a NIC that it has", async () => {
        const { place } = virshWith({ [data.mac]: "eth0" }, filesOf("eth0", 4));
        const agentOf = await agentsOf(place, [data]);
        assert.deepEqual(agentOf(data), { driver: "virtio_net", queues: 4, mtu: 1500 });
    });

    it("tells more queues than were declared, and fewer", async () => {
        for (const queues of [1, 9]) {
            const { place } = virshWith({ [data.mac]: "eth0" }, filesOf("eth0", queues));
            assert.equal((await agentsOf(place, [data]))(data)?.queues, queues);
        }
    });

    it("gets nothing but files to read, each of which is closed again", async () => {
        const { place, asked } = virshWith({ [data.mac]: "eth0" }, filesOf("eth0", 4));
        await agentsOf(place, [data]);
        const times = (command: string) => asked.filter((one) => one === command).length;
        assert.deepEqual([times("guest-file-read"), times("guest-file-close")], [6, 6]);
        assert.deepEqual([...new Set(asked)].sort(), [
            "guest-file-close",
            "guest-file-open",
            "guest-file-read",
            "guest-network-get-interfaces",
        ]);
    });

    it("says nothing where there is none", async () => {
        const { place } = virshWith({}, {});
        const other = { ...data, guest: "db-1" };
        assert.equal((await agentsOf(place, [other]))(other), undefined);
    });

    it("says nothing of a NIC that it has not", async () => {
        const { place } = virshWith({ "52:54:00:00:00:02": "eth0" }, filesOf("eth0", 4));
        assert.equal((await agentsOf(place, [data]))(data), undefined);
    });

    it("is not followed to a place of its choice, nor into virsh", async () => {
        for (const name of ["..", "../../etc", "eth0'; destroy web-1; echo '"]) {
            const { place, asked } = virshWith({ [data.mac]: name }, { "/sys/class/net/../mtu": "1" });
            assert.equal((await agentsOf(place, [data]))(data), undefined);
            assert.deepEqual(asked, ["guest-network-get-interfaces"]);
        }
    });
});

describe("a NIC of which an agent speaks", () => {
    const seen = { name: "eth0", driver: "virtio_net", queues: 4, rxRing: 1024, txRing: 256, mtu: 1500 };
    const plug = { bridge: "br-vm", vlan: "100" };
    const nobody = { declared: [], seen: [] };
    const agent = { driver: "virtio_net", queues: 4, mtu: 1500 };

    it("agrees where the agent says what was declared", () =>
        assert(verifyNic(data, seen, { plug, agent }, nobody).cells.every(({ agrees }) => agrees)));

    it("differs where it was changed since the guest booted, and is told so", () => {
        const { cells } = verifyNic(data, seen, { plug, agent: { ...agent, queues: 2 } }, nobody);
        const wrong = cells.filter(({ agrees }) => !agrees);
        assert.deepEqual(
            wrong.map(({ field, seen }) => `${field}: ${seen}`),
            ["queues: 4 (guest), 2 (guest agent)"],
        );
        assert.match(wrong[0]?.cause ?? "", /changed in the guest since it booted/);
    });

    it("is held against its model by the driver that the agent names", () => {
        const { cells } = verifyNic(data, seen, { plug, agent: { driver: "8139cp" } }, nobody);
        assert.deepEqual(
            cells.filter(({ agrees }) => !agrees).map(({ field }) => field),
            ["model"],
        );
    });
});
