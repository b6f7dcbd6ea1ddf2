/** A bond that carries the connection of who works on a host from elsewhere: the kernel of a lab may have none. */
import assert from "node:assert/strict";
import type { ServiceError } from "@grpc/grpc-js";
import type { Bag } from "../../provider/wire";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin, type Made } from "../provider/plugin";
import { run, startOvs } from "../support/kernel-guest";
import { listening, Operator, standing } from "../support/operator";

const [BOND, PORT] = ["kvmnet:host:Bond", "kvmnet:host:BridgePort"];
const ip = (line: string) => run("ip", ...line.split(" "));

describe("the connection of who works on a host, over a bond", function () {
    this.timeout(600_000);
    const engine = new FakeEngine();
    const inputs = { name: "ob", mode: "active-backup", members: ["oa0", "ob0"] };
    let plugin: Plugin;
    let stopListening: () => Promise<void>;
    let operator: Operator;
    let bond: Made;
    const everything = () => standing(run);

    /** Connects to an address of the host, and waits until the plugin does not know the connections of before any more. */
    const connect = async (address: string) => {
        operator = await Operator.connect(undefined, "ops", address, 22);
        await new Promise((resolve) => setTimeout(resolve, 1_100));
    };
    const refused = async (work: () => Promise<unknown>, says: RegExp) => {
        const before = await everything();
        await assert.rejects(work(), ({ details }: ServiceError) => says.test(details));
        assert.equal(await everything(), before);
        assert.ok(await operator.answers());
    };
    const changed = async (more: Bag) => plugin.update(BOND, "ob", bond, { ...inputs, ...more });

    before(async () => {
        await startOvs();
        await ip("netns add ops");
        await ip("-n ops link add name seg up type bridge");
        for (const side of ["oa", "ob"]) {
            await ip(`link add name ${side}0 up type veth peer name ${side}1 netns ops`);
            await ip(`-n ops link set dev ${side}1 master seg up`);
        }
        await ip("-n ops address add 203.0.113.7/24 dev seg");
        await ip("address add 203.0.113.1/24 dev oa0");
        await ip("link add name obr up type bridge");
        stopListening = await listening(undefined, 22);
        plugin = await Plugin.start("local", await engine.start());
    });
    after(async () => {
        await plugin?.stop();
        engine.stop();
        await stopListening?.();
        for (const link of ["oa0", "ob0", "obr"]) await ip(`link delete dev ${link}`);
        await ip("netns delete ops");
    });

    it("keeps its link from becoming a member", async () => {
        await connect("203.0.113.1");
        await refused(
            () => plugin.create(BOND, "ob", inputs),
            /^bond ob: the SSH connection from 203\.0\.113\.7 to 203\.0\.113\.1 runs over the link oa0, which is to be plugged into the bond ob; its 203\.0\.113\.1\/24 would stop working there/,
        );
        await operator.leave();
    });

    it("keeps the bond, each of its members, and the bond from a bridge", async () => {
        await ip("address delete 203.0.113.1/24 dev oa0");
        bond = await plugin.create(BOND, "ob", inputs);
        await ip("address add 203.0.113.1/24 dev ob");
        // The network still knows where the address was: behind a member that now only stands by.
        await ip("-n ops neighbour flush dev seg");
        await connect("203.0.113.1");
        const over = (link: string) =>
            new RegExp(
                `^bond ob: the SSH connection from 203\\.0\\.113\\.7 .* over the link ${link} \\(part of its way over ob\\), which is to be unplugged, so nothing was changed`,
            );
        await refused(() => plugin.delete(BOND, "ob", bond), over("oa0"));
        await refused(() => changed({ members: ["ob0"] }), over("oa0"));
        await refused(() => changed({ members: ["oa0"] }), over("ob0"));
        await refused(
            () => plugin.create(PORT, "port", { name: "ob", bridge: "obr" }),
            /^bridge port ob: the SSH connection .* runs over the link ob, which is to be plugged into the bridge obr; its 203\.0\.113\.1\/24/,
        );
    });

    it("may end where the bond says that it takes its path", async () => {
        bond.state = await changed({ takesOperatorPath: true });
        bond.state = await changed({ takesOperatorPath: true, members: ["ob0"] });
        assert.doesNotMatch(await ip("link show dev oa0"), /master/);
        await plugin.delete(BOND, "ob", bond);
        assert.doesNotMatch(await everything(), /"ob"/);
        await operator.leave();
    });
});
