import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Plugin } from "../provider/plugin";
import { labName } from "../support/labs";
import { ProviderLab } from "../live/provider-lab";
import { IpBetween } from "./support/ip-between";
import { TAP } from "./support/kind-names";

const PAIRS = 2_500;
const TAPS = 40;
/** Who comes while links are listed gets the next list; and what was made in one batch is read back by one list. */
const FEW = 4;

describe("a host that has 5,000 links already", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(labName("many"));
    const ip = new IpBetween();
    let plugin: Plugin;

    before(async () => {
        await lab.up();
        await lab.run(
            "sh",
            "-euc",
            `for n in $(seq ${PAIRS}); do echo "link add a$n type veth peer name b$n"; done | ip -batch -`,
        );
        plugin = await Plugin.start(lab.host, "", ip.env);
    });
    after(async () => {
        await plugin?.stop();
        await lab.down();
        ip.remove();
    });

    /** How often all links were listed for it. */
    async function listingsOf<Result>(work: () => Promise<Result>): Promise<[number, Result]> {
        const before = ip.listings();
        const result = await work();
        return [ip.listings() - before, result];
    }
    const everyLink = () => lab.run("ip", "-json", "-details", "link", "show");

    it("is read as a whole, once for all resources that ask at the same moment, and a few times for all that are made or removed", async () => {
        const theirs = await everyLink();
        const names = Array.from({ length: TAPS }, (_, index) => `t${index}`);
        const checked = await Promise.all(names.map((name) => plugin.check(TAP, { name })));
        // The first list is not there before all have come.
        ip.hold("listing");
        const [makes, made] = await listingsOf(async () => {
            const making = checked.map(({ inputs }) =>
                plugin.create(TAP, String(inputs.name), inputs, { checked: true }),
            );
            await plugin.check(TAP, { name: "last" });
            ip.release("listing");
            return Promise.all(making);
        });
        assert.ok(makes >= 2 && makes <= FEW, `${makes} listings for ${TAPS} taps`);
        // What was listed for the read-back serves for a second; a refresh that comes later looks anew.
        await sleep(1_100);
        const [reads, seen] = await listingsOf(() =>
            Promise.all(made.map(({ id, state }) => plugin.read(TAP, id, id, { name: id }, state))),
        );
        assert.deepEqual(
            seen.map(({ id }) => id),
            names,
        );
        assert.ok(reads >= 1 && reads <= 2, `${reads} listings`);
        const [removes] = await listingsOf(() =>
            Promise.all(made.map((one) => plugin.delete(TAP, one.id, one, 0, true))),
        );
        assert.ok(removes >= 1 && removes <= FEW, `${removes} listings to remove ${TAPS} taps`);
        assert.ok((await everyLink()) === theirs, "the links of others are as they were");
    });
});
