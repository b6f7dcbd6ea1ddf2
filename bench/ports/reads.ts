/** Reading many links: the provider's bulk read and a whole refresh, beside one `ip -json`. */
import { openHost, type Host } from "../../provider/host";
import { HostRef } from "../../schemas/host-ref";
import { timed, type Contest } from "../measure";
import { withBenchHost, type BenchHost } from "./bench-host";
import { wanted } from "./wanted";
import type { Program } from "./ours";

export function reads(count = 1000, rounds = 9, lab = "bench-reads"): Contest {
    let host: BenchHost | undefined;
    let program: Program | undefined;
    let reader: Host | undefined;
    const many = count.toLocaleString("en");
    return {
        rounds,
        around: (work) =>
            withBenchHost(lab, async (opened) => {
                host = opened;
                program = opened.program("Ports");
                await program.createSingles(wanted(count));
                reader = await openHost(HostRef.parse(opened.lab.host));
                try {
                    return await work();
                } finally {
                    reader.close();
                    await opened.lab.empty();
                }
            }),
        round: async () => ({
            ip: await timed(() => (host as BenchHost).lab.run(["ip", "-json", "link", "show"])),
            links: await timed(async () => {
                const links = await (reader as Host).links();
                if (links.size < count) throw new Error(`${links.size} of ${count} links were read.`);
            }),
            refresh: await (program as Program).refresh(),
        }),
        claims: [
            {
                name: `${many} links read in the provider, beside one ip -json link`,
                ours: "links",
                theirs: "ip",
                bound: 3,
                but: "handing each of them to an engine is not in it",
            },
            {
                name: `a refresh of ${many} Ports and their Taps, beside one ip -json link`,
                ours: "refresh",
                theirs: "ip",
                but: `nothing is promised: ${(2 * count).toLocaleString("en")} requests cost what they cost`,
            },
        ],
    };
}
