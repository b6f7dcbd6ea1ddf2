import assert from "node:assert/strict";
import type { Host } from "../../provider/host";
import type { Place } from "../../provider/host/place";
import { cpusOfMask, maskOf } from "../../provider/host/queue-cpus";
import type { Action, JournalEntry, Plan } from "../../provider/plan";
import { link } from "../../provider/resources/link";
import { LinkTuning } from "../../schemas/link-tuning";

const MARK = "kvmnet:0123456789abcdef:shop/dev/host:Link/l";
const CPUS = 8;

/**
 * A NIC whose driver shares out the processors among its transmit queues at each change of their number, as those of
 * virtio and mlx5 do (virtnet_set_affinity in drivers/net/virtio_net.c).
 */
class Nic {
    xps: string[] = [];
    private readonly journal = new Map<string, JournalEntry>();
    private known: LinkTuning | undefined;

    constructor(queues: number) {
        this.share(queues);
    }

    private share(queues: number): void {
        const each = Math.floor(CPUS / queues);
        this.xps = Array.from({ length: queues }, (_, queue) =>
            cpusOfMask((((1 << each) - 1) << (queue * each)).toString(16)),
        );
    }

    private run([program = "", option = ""]: string[]) {
        const table = (count: number) => `RX:\tn/a\nTX:\tn/a\nOther:\tn/a\nCombined:\t${count}\n`;
        const channels = `Channel parameters for eth0:\nPre-set maximums:\n${table(CPUS)}Current hardware settings:\n${table(this.xps.length)}`;
        const masks = this.xps.map((cpus, queue) => `/queues/tx-${queue}/xps_cpus\0${maskOf(cpus)}`).join("\n");
        const none = { code: 1, stdout: "", stderr: "not supported" };
        const stdout = program === "grep" ? masks : option === "-l" ? channels : undefined;
        return Promise.resolve(stdout === undefined ? none : { ...none, code: 0, stdout });
    }

    private host(): Host {
        const eth0 = {
            name: "eth0",
            index: 2,
            mtu: 1500,
            txQueueLength: 1000,
            up: true,
            data: {},
            slave: {},
            flags: [],
        };
        return {
            place: { where: "a fake", run: (argv: string[]) => this.run(argv) } as unknown as Place,
            links: () => Promise.resolve(new Map([["eth0", eth0]])),
            files: { read: () => Promise.resolve([`0-${CPUS - 1}`]) },
            journal: { get: (key: string) => Promise.resolve(this.journal.get(key)) },
        } as unknown as Host;
    }

    act(action: Action): void {
        if (action.via === "journal") {
            if (action.entry) this.journal.set(action.key, action.entry);
            else this.journal.delete(action.key);
        } else if (action.via === "program") this.share(Number(action.argv.at(-1)));
        else if (action.via === "write")
            for (const { path, value } of action.files) {
                const queue = Number(/tx-(\d+)/.exec(path)?.[1]);
                assert.ok(queue < this.xps.length, `there is no ${path}`);
                this.xps[queue] = cpusOfMask(value);
            }
    }

    async plan(more?: Omit<LinkTuning, "name">): Promise<Plan> {
        const here = await link.find(this.host(), "eth0", { mark: MARK, ...(this.known ? { known: this.known } : {}) });
        assert.ok(here);
        if (more === undefined) return link.delete(this.host(), here, MARK);
        this.known = LinkTuning.parse({ name: "eth0", ...more });
        return link.update(this.host(), here, this.known, MARK);
    }

    /** Tunes it, or ends that where nothing is said. */
    async tuned(more?: Omit<LinkTuning, "name">): Promise<string[]> {
        for (const { action } of await this.plan(more)) this.act(action);
        return this.xps;
    }
}

const combined = (count: number) => ({ channels: { combined: count } });
const ALL = { xpsCpus: ["0-7"] };
const OF_TWO = ["0-3", "4-7"];
const OF_FOUR = ["0-1", "2-3", "4-5", "6-7"];

describe("channels of a NIC whose driver chooses the CPUs of their queues anew", () => {
    it("change, and the queues have the CPUs that are declared", async () => {
        const nic = new Nic(8);
        await nic.tuned({ ...combined(8), ...ALL });
        assert.deepEqual(await nic.tuned({ ...combined(4), ...ALL }), ["0-7", "0-7", "0-7", "0-7"]);
        assert.deepEqual(await nic.tuned(ALL), Array(8).fill("0-7"));
    });

    it("are given back with the CPUs that the queues had before the first change", async () => {
        const nic = new Nic(4);
        nic.xps = ["0", "1", "2", "3"];
        assert.deepEqual(await nic.tuned(combined(2)), OF_TWO, "what is not said is the driver's");
        assert.deepEqual(await nic.tuned({ ...combined(2), mtu: 1500 }), OF_TWO);
        assert.deepEqual(await nic.tuned(), ["0", "1", "2", "3"]);
        await nic.tuned(combined(2));
        assert.deepEqual(await nic.tuned({ mtu: 1500 }), ["0", "1", "2", "3"]);
    });

    it("stay, and give the CPUs back that are declared no longer", async () => {
        const nic = new Nic(4);
        await nic.tuned({ ...combined(4), ...ALL });
        assert.deepEqual(await nic.tuned(combined(4)), OF_FOUR);
        await nic.tuned({ ...combined(2), ...ALL });
        assert.deepEqual(await nic.tuned(), OF_FOUR);
    });

    it("are taken back with the CPUs of all their queues", async () => {
        const nic = new Nic(4);
        nic.xps = ["0", "1", "2", "3"];
        const plan = await nic.plan({ ...combined(2), ...ALL });
        for (const { action } of plan) nic.act(action);
        for (const { undo = [] } of plan.toReversed()) for (const action of undo) nic.act(action);
        assert.deepEqual(nic.xps, ["0", "1", "2", "3"]);
    });
});
