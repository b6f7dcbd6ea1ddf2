/** What is written of a bridge's flows, and the script that puts them back, run by this machine's /bin/sh with an `ovs-ofctl` of the test's own. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import fc from "fast-check";
import { snapshotText } from "../../provider/host/flow-snapshot";
import { flowText, groupText, meterText, parseFlow, parseGroup, parseMeters } from "../../provider/host/flow-text";
import { FLOWS_KEY } from "../../provider/host/flow-notes";
import { FIRST_PORT_METER, SHARED_COOKIE } from "../../provider/host/pipeline";
import type { Seen } from "../../provider/host/ovsdb/replica";
import { KEEPER_SCRIPT } from "../../provider/resources/flow-keeper-script";

/**
 * A switch that forgot its flows: it prints the ports of the file `ports`, and keeps what it is given. The connection at
 * which the script waits for the switch's end ends the script, whose turn is over then.
 */
const SWITCH = `#!/bin/sh
cd "$(dirname "$0")" || exit 1
while case $1 in --*) ;; *) false ;; esac; do shift; done
case $1 in
show) ;;
dump-flows) cat flows-there ;;
dump-ports-desc) cat ports ;;
add-meter) grep -q "^$(echo "$3" | sed 's/,.*//')," meters && exit 1; printf '%s\\n' "$3" >>meters ;;
mod-meter) printf 'changed %s\\n' "$3" >>meters ;;
bundle) cat >bundle; [ -e first-bundle ] || cp bundle first-bundle; [ ! -e late-ports ] || mv late-ports ports; echo ' actions=drop' >flows-there ;;
monitor) kill -TERM $PPID ;;
esac
`;

const [OURS, DECLARED, FOREIGN] = ["0x6b6e0123456789ab", "0x2a", "0x99"];
const ROW = {
    external_ids: ["map", [[`${FLOWS_KEY}${DECLARED}`, "kvmnet:mark groups=7,8 meters=5"]]],
} as unknown as Seen;

/** Numbers of ports by name. */
type Numbers = Readonly<Record<string, number>>;

/** Tables of a bridge whose ports have these numbers: each is limited, secured, and named in flows of a user. */
function tablesOf(numbers: Numbers) {
    const ports = Object.entries(numbers);
    const meter = (id: number) => parseMeters(`meter=${id} kbps burst stats bands=type=drop rate=${id} burst_size=9`);
    return {
        flows: [
            `cookie=${SHARED_COOKIE}, table=0, priority=1 actions=goto_table:5`,
            ...ports.flatMap(([name, number]) => [
                `cookie=${OURS}, table=0, priority=40000,in_port=${number} actions=meter:${FIRST_PORT_METER + number},goto_table:5`,
                `cookie=${OURS}, table=5, priority=100,in_port=${number} actions=drop`,
                `cookie=${DECLARED}, table=10, priority=9,tcp,in_port=${number},tp_dst=1 actions=meter:5,output:${number}`,
                `cookie=${DECLARED}, table=10, priority=8,vlan_tci=0x${name.length} actions=resubmit:${number},resubmit(${number},11),output:${number},enqueue:${number}:1`,
                `cookie=${DECLARED}, table=10, priority=6,vlan_tci=0x${name.length} actions=bundle(eth_src,0,hrw,ofport,members:${number},${number}),sample(probability=9,sampling_port=${number}),group:8`,
                `cookie=${FOREIGN}, table=10, priority=7,in_port=${number} actions=drop`,
            ]),
        ].map(parseFlow),
        groups: [
            parseGroup("group_id=7,type=select,bucket=bucket_id:0,actions=output:LOCAL"),
            parseGroup(
                `group_id=8,type=ff${Object.keys(numbers)
                    .sort()
                    .map((name) => bucketTo(numbers[name] ?? 0))
                    .join("")}`,
            ),
        ],
        // A port's is of its name, so that it is the same whatever the number is.
        meters: [5, 6]
            .flatMap(meter)
            .concat(
                ports.flatMap(([name, number]) =>
                    parseMeters(
                        `meter=${FIRST_PORT_METER + number} kbps bands=type=drop rate=${name.length} burst_size=9`,
                    ),
                ),
            ),
        ports: new Map(ports.map(([name, number]) => [String(number), name])),
    };
}

const bucketTo = (number: number) => `,bucket=watch_port:${number},actions=output:${number}`;

/** What the switch is to have: all that is ours or declared, and nothing else. */
function wantedOf(numbers: Numbers) {
    const { flows, groups, meters } = tablesOf(numbers);
    return {
        meters: meters
            .filter(({ id }) => id !== 6)
            .map(meterText)
            .sort(),
        bundle: [
            ...groups.map((group) => `group add_or_mod ${groupText(group)}`),
            ...flows
                .filter(({ cookie }) => cookie !== FOREIGN)
                .map((flow) => `flow add cookie=${flow.cookie},${flowText(flow)}`),
        ].sort(),
    };
}

const described = (numbers: Numbers) =>
    Object.entries(numbers)
        .map(([name, number]) => ` ${number}(${name}): addr:52:54:00:00:00:01\n     config: 0\n`)
        .join("");

describe("the flows that are kept of a bridge", function () {
    this.timeout(300_000);
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "kvmnet-keeper-"))));
    afterEach(() => rmSync(folder, { recursive: true }));
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
    const linesOf = (name: string) => readFileSync(join(folder, name), "utf8").split("\n").filter(Boolean).sort();

    /** Runs the script over what was kept at the former numbers, on a switch that has these. */
    async function putBack(former: Numbers, numbers: Numbers, later?: Numbers) {
        write("ovs-ofctl", SWITCH);
        write("keep", KEEPER_SCRIPT);
        write("flows", snapshotText(ROW, tablesOf(former)));
        write("ports", described(numbers));
        for (const name of ["flows-there", "meters", "bundle"]) write(name, "");
        if (later) write("late-ports", described(later));
        chmodSync(join(folder, "ovs-ofctl"), 0o755);
        const env = { ...process.env, PATH: [folder, process.env.PATH].join(delimiter) };
        const said = await new Promise<string>((resolve, reject) => {
            const done = (error: Error | null, stdout: string, stderr: string) =>
                (error as { signal?: string } | null)?.signal === "SIGTERM" && stderr === ""
                    ? resolve(stdout)
                    : reject(error ?? new Error(stderr));
            execFile("/bin/sh", [join(folder, "keep"), folder, "br0"], { env, timeout: 60_000 }, done);
        });
        return { said, meters: linesOf("meters"), bundle: linesOf("bundle") };
    }

    const names = fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/), {
        minLength: 1,
        maxLength: 5,
    });
    const numbered = names.chain((ports) =>
        fc
            .tuple(...[0, 1].map(() => fc.uniqueArray(fc.integer({ min: 1, max: 65279 }), pick(ports.length))))
            .map((lists) =>
                lists.map((list) => Object.fromEntries(ports.map((name, index) => [name, list[index] ?? 0]))),
            ),
    );
    function pick(count: number) {
        return { minLength: count, maxLength: count };
    }

    it("come back with the numbers that the ports then have, whatever they were", () =>
        fc.assert(
            fc.asyncProperty(numbered, async ([former = {}, now = {}]) => {
                const { said, ...there } = await putBack(former, now);
                assert.deepEqual(there, wantedOf(now));
                assert.match(said, /put the flows of br0 back, without 0 ports that are missing\n$/);
            }),
            { numRuns: 20, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true },
        ));

    it("come back with meters whose number a shell may read as a letter's", async () => {
        const numbers = { tap0: 1, tap1: 7, tap2: 64 };
        assert.deepEqual((await putBack({ tap0: 9, tap1: 1, tap2: 3 }, numbers)).meters, wantedOf(numbers).meters);
    });

    it("are told apart where the name of one port is a pattern of another's", async () => {
        const numbers = { "vm-1": 1, "vm.1": 2, vmx1: 3 };
        const { said: _, ...there } = await putBack({ "vm.1": 1, "vm-1": 2, vmx1: 9 }, numbers);
        assert.deepEqual(there, wantedOf(numbers));
    });

    it("come back without a port that is missing, in whose place a group leads nowhere, and with it once it is there", async () => {
        const [early, all] = [{ tap0: 4 }, { tap0: 4, tap1: 5 }];
        const { said, bundle } = await putBack({ tap0: 1, tap1: 2 }, early, all);
        assert.deepEqual(said.match(/without \d/g), ["without 1", "without 0"]);
        assert.deepEqual(bundle, wantedOf(all).bundle);
        const isGroup = (line: string) => line.startsWith("group ");
        assert.deepEqual(linesOf("first-bundle"), [
            ...wantedOf(early).bundle.filter((line) => !isGroup(line)),
            ...wantedOf({ tap0: 4, tap1: 65279 }).bundle.filter(isGroup),
        ]);
    });

    it("keep a port's number where its name is none that the script could write", () => {
        const text = snapshotText(ROW, { ...tablesOf({ tap0: 3 }), ports: new Map([["3", "a b"]]) });
        assert.match(text, /,in_port=3,/);
        assert.doesNotMatch(text, /@|^port /m);
    });
});
