import assert from "node:assert/strict";
import fc from "fast-check";
import type { Host } from "../../provider/host";
import type { Operator } from "../../provider/host/lookup";
import { readRoutes } from "../../provider/host/routes";
import { endsOf, type End } from "../../provider/host/rule-walk";
import { readRules } from "../../provider/host/rules";
import { labName } from "../support/labs";
import { argv } from "../support/object-life";
import { ProviderLab } from "./provider-lab";

/** Networks and addresses of each family: two of peers, the host's own, and one of nobody. */
const FAMILIES = {
    4: { peers: ["192.0.2.7", "203.0.113.9"], local: "192.0.2.1", wide: "/24", near: "/25", elsewhere: "10.9.0.0/16" },
    6: {
        ...{ peers: ["2001:db8::7", "2001:db8:2::9"], local: "2001:db8::1" },
        ...{ wide: "/64", near: "/120", elsewhere: "2001:db8:9::/48" },
    },
} as const;
type Family = keyof typeof FAMILIES;

const network = (address: string, length: string) =>
    address.includes(":") ? `${address.split("::")[0] ?? ""}::${length}` : address.replace(/\d+$/, `0${length}`);

/** Each table answers otherwise: over the other link, with nothing at all, in part, with what is passed over. */
function routes(family: Family): string[] {
    const { peers, wide, near } = FAMILIES[family];
    const [first, second] = peers.map((peer) => network(peer, wide)) as [string, string];
    return [
        `default dev wr0`,
        `default dev wr2 table 100`,
        `unreachable ${first} table 101`,
        `throw ${second} table 101`,
        `default dev wr2 metric 7 table 101`,
        `${network(peers[0], near)} dev wr2 table 102`,
        `${first} dev wr0 metric 50 table 102`,
        `${first} dev wr2 metric 60 table 102`,
        `blackhole default table 102`,
    ];
}

/** Most often none, so that many a rule of several is for the packets. */
const maybe = (...words: string[]) =>
    fc.oneof({ weight: 2, arbitrary: fc.constant("") }, { weight: 1, arbitrary: fc.constantFrom(...words) });

function ruleOf(family: Family) {
    const { peers, local, wide, elsewhere } = FAMILIES[family];
    const [peer] = peers;
    const target = fc.oneof(
        fc.record({
            table: fc.constantFrom("main", "100", "101", "102", "103"),
            suppress: fc.constantFrom("", ...["0", "24", "64"].map((length) => `suppress_prefixlength ${length}`)),
        }),
        fc.integer({ min: 1, max: 12 }).map((leap) => ({ leap })),
        fc.constantFrom("blackhole", "unreachable", "prohibit", "nop").map((action) => ({ action })),
    );
    return fc
        .tuple(
            fc.integer({ min: 1, max: 12 }),
            fc.constantFrom("", "", "", "not"),
            maybe(`from ${local}`, `from ${network(local, wide)}`, `from ${elsewhere}`),
            maybe(`to ${peer}`, `to ${network(peer, wide)}`, `to ${elsewhere}`),
            maybe("iif lo", "iif wr0", "oif wr0", "oif wr-absent"),
            maybe("fwmark 1", "fwmark 0/0xff", "fwmark 0x10/0x10"),
            maybe("tos 0x10", "uidrange 0-0", "uidrange 1000-1999"),
            maybe("ipproto tcp", "ipproto udp"),
            maybe("sport 22", "sport 1-100", "sport 2222", "dport 4000", "dport 443"),
            target,
        )
        .map(([priority, ...rest]) => {
            const words = rest.slice(0, -1).join(" ");
            const to = rest.at(-1) as { table?: string; suppress?: string; leap?: number; action?: string };
            const last =
                to.table !== undefined
                    ? `table ${to.table} ${to.suppress ?? ""}`
                    : to.leap !== undefined
                      ? `goto ${priority + to.leap}`
                      : (to.action ?? "");
            return `rule add priority ${priority} ${words} ${last}`.replaceAll(/ +/g, " ");
        });
}

interface Answer {
    dst: string;
    table?: string;
    metric?: number;
}

describe("where the search for a route ends", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(labName("rule-walk"));
    const ip = (line: string) => lab.run("ip", ...argv(line));
    const host = {
        read: async (words: string[], parse: (text: string) => unknown) => parse(await lab.run(...words)),
    } as unknown as Host;

    before(async () => {
        await lab.up();
        for (const [near, far] of [
            ["wr0", "wr1"],
            ["wr2", "wr3"],
        ] as const) {
            await ip(`link add ${near} type veth peer name ${far}`);
            for (const end of [near, far]) await ip(`link set dev ${end} up`);
        }
        for (const family of [4, 6] as const) {
            const { local, wide } = FAMILIES[family];
            await ip(`address add ${local}${wide} dev wr0${family === 6 ? " nodad" : ""}`);
            for (const route of routes(family)) await ip(`-${family} route add ${route}`);
        }
    });
    after(() => lab.down());

    /** Those rules and no others, but the kernel's own; what it refuses is left out. */
    const setRules = (family: Family, lines: string[]) => {
        const own = ["rule flush", "rule add priority 32766 table main", "rule add priority 32767 table default"];
        const script = `printf '%s\\n' "$@" | ip -${family} -force -batch - 2>/dev/null || true`;
        return lab.run("bash", "-c", script, "bash", ...own, ...lines);
    };

    const asked = async (family: Family, { peer, local, device, port, peerPort }: Operator) => {
        const bound = device === undefined ? [] : ["oif", device];
        const words = [...[peer, "from", local], ...bound, ...argv(`ipproto 6 sport ${port} dport ${peerPort}`)];
        const get = ["ip", "-N", "-json", `-${family}`, "route", "get", "fibmatch", ...words];
        const answer = await lab.run("bash", "-c", '"$@" 2>/dev/null || true', "bash", ...get);
        return answer === "" ? undefined : (JSON.parse(answer) as [Answer])[0];
    };

    const isAnswer = (answer: Answer | undefined, end: End): boolean => {
        if (end.by === "unknown") return true;
        const leads = end.by === "route" && end.route.ways.length > 0;
        if (!answer || !leads) return !answer && !leads;
        const { destination, table, metric } = end.route;
        const family = destination.includes(":") ? 6 : 4;
        const [whole, usual] = family === 6 ? ["::/0", 1024] : ["0.0.0.0/0", 0];
        const there = [
            answer.dst === "default" ? whole : answer.dst,
            (answer.table ?? "254").replace(/^254$/, "main"),
            answer.metric ?? usual,
        ];
        return [destination, table, metric].join() === there.join();
    };

    for (const family of [4, 6] as const)
        it(`is where the kernel itself ends it, whatever the rules of IPv${family} are, and most often certain`, async () => {
            const { peers, local } = FAMILIES[family];
            let [all, certain] = [0, 0];
            await fc.assert(
                fc.asyncProperty(fc.array(ruleOf(family), { minLength: 1, maxLength: 8 }), async (lines) => {
                    await setRules(family, lines);
                    const rules = await readRules(host, family === 6 ? "ipv6" : "ipv4");
                    const there = await readRoutes(host, family === 6);
                    for (const peer of peers) {
                        const operator: Operator = { peer, local, port: 22, peerPort: 4000 };
                        const ends = endsOf(operator, rules, there);
                        const answer = await asked(family, operator);
                        all++;
                        if (ends.length === 1) certain++;
                        const seen = JSON.stringify({ answer, ends }, undefined, 1);
                        assert(
                            ends.some((end) => isAnswer(answer, end)),
                            seen,
                        );
                    }
                }),
                { numRuns: 100 },
            );
            assert(certain > all / 2, `${certain} of ${all}`);
        });
});
