/** A lab for the provider's tests, and eyes in it that are not the provider's. */
import assert from "node:assert/strict";
import { labDown, labUp, runInLab } from "../../lab";

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

    vsctl = (...argv: string[]) => this.run("ovs-vsctl", "--timeout=5", ...argv);
    linkNames = async () => (await this.links()).map(({ ifname }) => ifname).sort();
    links = async () =>
        JSON.parse(await this.run("ip", "-json", "link", "show")) as {
            ifname: string;
            mtu: number;
            ifalias?: string;
            flags: string[];
        }[];
    nextCfg = async () => Number(await this.vsctl("get", "Open_vSwitch", ".", "next_cfg"));

    /** All that our provider could change, to see that it did not. */
    everything = async () =>
        `${await this.run("ip", "-details", "link", "show")}\n${await this.run("ovsdb-client", "dump", "Open_vSwitch")}`;
}
