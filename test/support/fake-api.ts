/** The comments of one pull request, and what was uploaded, behind the two services' own addresses. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

interface Request {
    method: string;
    path: string;
    body: Record<string, unknown>;
}

export interface FakeApi {
    url: string;
    requests: Request[];
    comments: { id: number; body: string }[];
    /** Answers to what would write, instead of doing it: what a token that may only read gets. */
    refuse: number | undefined;
    close: () => Promise<void>;
}

export async function fakeApi(): Promise<FakeApi> {
    const api: Omit<FakeApi, "url" | "close"> = { requests: [], comments: [], refuse: undefined };
    const server = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
            const text = Buffer.concat(chunks).toString();
            const body = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
            const { method = "", url: path = "" } = request;
            api.requests.push({ method, path, body });
            const [status, answer] = answered(api, { method, path, body });
            response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
        });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return Object.assign(api, {
        url: `http://127.0.0.1:${port}`,
        close: () => new Promise<void>((resolve) => server.close(() => resolve())),
    });
}

function answered(api: Omit<FakeApi, "url" | "close">, { method, path, body }: Request): [number, unknown] {
    if (method === "GET") {
        const query = new URL(path, "http://x").searchParams;
        const [size, page] = [Number(query.get("per_page")), Number(query.get("page"))];
        return [200, api.comments.slice((page - 1) * size, page * size)];
    }
    if (api.refuse !== undefined) return [api.refuse, { message: "Resource not accessible by integration" }];
    if (path.endsWith("/sarifs")) return [202, { id: "1" }];
    const text = String(body.body);
    const id = Number(/\/(\d+)$/.exec(path)?.[1] ?? NaN);
    const there = api.comments.find((comment) => comment.id === id);
    if (method === "POST") api.comments.push({ id: api.comments.length + 1, body: text });
    else if (there) there.body = text;
    else return [404, {}];
    return [200, {}];
}
