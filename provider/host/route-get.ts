/** What the kernel answers who asks for a route: many questions in one process. */
import { z } from "zod";
import type { Host } from "./index";
import { parseList } from "./links";

const RouteAnswer = z.object({
    dst: z.string(),
    dev: z.string().optional(),
    gateway: z.string().optional(),
    metric: z.number().optional(),
    table: z.string().default("main"),
    nexthops: z.array(z.object({ dev: z.string().optional() })).optional(),
});
export type RouteAnswer = z.output<typeof RouteAnswer>;

/**
 * The route by which each would go. One that names a nexthop object may tell no link (net.ipv4.nexthop_compat_mode 0), and
 * is asked for again, as packets take it now.
 *
 * @param questions what follows `ip route get`  @returns an answer to each, in their order; undefined where there is no route
 */
export async function askRoutes(host: Host, questions: readonly string[]): Promise<(RouteAnswer | undefined)[]> {
    const routes = await answersTo(
        host,
        questions.map((words) => `fibmatch ${words}`),
    );
    const open = questions.filter((_, index) => isOpen(routes[index]));
    const taken = await answersTo(host, open);
    return routes.map((route) => {
        if (!route || !isOpen(route)) return route;
        const { dev, gateway } = taken.shift() ?? {};
        return { ...route, dev, gateway };
    });
}

const isOpen = (route: RouteAnswer | undefined) => route !== undefined && linksOfAnswer(route).length === 0;

async function answersTo({ place }: Host, questions: readonly string[]): Promise<(RouteAnswer | undefined)[]> {
    if (questions.length === 0) return [];
    // By numbers: the names of tables are those of a file of the host.
    const argv = ["ip", "-N", "-json", "-force", "-batch", "-"];
    const { stdout, stderr } = await place.run(argv, questions.map((words) => `route get ${words}\n`).join(""));
    const failed = new Set([...stderr.matchAll(/^Command failed -:(\d+)$/gm)].map(([, line]) => Number(line)));
    const answers = stdout.split("\n").filter((line) => line.trim() !== "");
    return questions.map((_, index) => {
        if (failed.has(index + 1)) return undefined;
        return parseList(answers.shift() ?? "", RouteAnswer, "routes", "`ip -json route get`")[0];
    });
}

/** The links of a route: several where it is a multipath route. */
export const linksOfAnswer = ({ dev, nexthops }: RouteAnswer): string[] =>
    (nexthops ?? [{ dev }]).flatMap(({ dev: link }) => link ?? []);
