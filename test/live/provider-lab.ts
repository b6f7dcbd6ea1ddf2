/** A lab for the provider's tests, and eyes in it that are not the provider's. */
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { labDown, labUp, runInLab } from "../../lab";
import { eventually } from "../support/eventually";

export class ProviderLab {
    readonly host: string;

    constructor(readonly name: string) {
        this.host = `lab://${name}`;
    }

    up = () => labUp(this.name, { step: (_title, work) => work(() => undefined), note: () => undefined });
    down = () => labDown(this.name);

    /** Output of a program in the lab. */
    async run(...argv: string[]): Promise<string> {
        const { exitCode, stdout, stderr } = await runInLab(this.name, argv);
        assert.equal(exitCode, 0, `${argv.join(" ")}: ${stderr}`);
        return stdout.trim();
    }

    virsh = (...argv: string[]) => this.run("virsh", "--quiet", ...argv);
    vsctl = (...argv: string[]) => this.run("ovs-vsctl", "--timeout=30", ...argv);
    linkNames = async () => (await this.links()).map(({ ifname }) => ifname).sort();
    links = async () =>
        JSON.parse(await this.run("ip", "-json", "link", "show")) as {
            ifname: string;
            mtu: number;
            ifalias?: string;
            flags: string[];
        }[];
    nextCfg = async () => Number(await this.vsctl("get", "Open_vSwitch", ".", "next_cfg"));

    /** All that our provider could change, to see that it did not; once ovs-vswitchd has told all of what it did last. */
    everything = async () => {
        let last = await this.seen();
        await eventually(async () => {
            await setTimeout(200);
            const [before, now] = [last, await this.seen()];
            last = now;
            assert.equal(now, before);
        });
        return last;
    };

    private async seen(): Promise<string> {
        const tables = await this.run("ovsdb-client", "--format=json", "dump", "Open_vSwitch");
        const rows = tables
            .split("\n")
            .filter(Boolean)
            .map((line) => withoutCounters(JSON.parse(line) as Table));
        return `${await this.run("ip", "-details", "link", "show")}\n${JSON.stringify(rows, undefined, 1)}`;
    }
}

interface Table {
    caption: string;
    headings: string[];
    data: unknown[][];
}

/** What ovs-vswitchd itself writes every few seconds. */
const COUNTED = ["statistics", "rstp_statistics", "status", "link_resets"];

const withoutCounters = ({ caption, headings, data }: Table) => ({
    caption,
    rows: data.map((row) => headings.flatMap((name, at) => (COUNTED.includes(name) ? [] : [[name, row[at]]]))).sort(),
});
