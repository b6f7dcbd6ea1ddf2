/** What a file holds, by its content: domain XML of libvirt, or JSON that Pulumi wrote (preview, plan, state). */
import { z } from "zod";
import { maybe, NotKnown } from "../known";
import { DOMAIN_XML } from "../nics/reader";
import { childElements, parseXml } from "../nics/xml";
import type { PlacedResource } from "./finding";

/** A file that is none of what the linter reads, or cannot be read; its message is a sentence. */
export class Unreadable extends Error {}

/** Larger files are refused [byte]: what they describe is a fraction of it. */
const MOST_BYTES = 64 * 2 ** 20;

/** @throws Unreadable */
export function read(file: string, bytes: Buffer): PlacedResource[] {
    if (bytes.length > MOST_BYTES)
        throw new Unreadable(`${file} has ${bytes.length} bytes, and at most ${MOST_BYTES} are read.`);
    const text = textOf(file, bytes);
    const [first] = /\S/.exec(text) ?? [];
    if (first === "<") return domain(file, text);
    if (first === "{" || first === "[") return pulumi(file, text);
    throw new Unreadable(
        `${file} is nothing that the linter reads. It reads libvirt domain XML, and JSON of \`pulumi preview --json\` or \`pulumi stack export\`.`,
    );
}

function textOf(file: string, bytes: Buffer): string {
    try {
        return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
        throw new Unreadable(`${file} is no UTF-8 text.`);
    }
}

/** Entities are declared by nobody who writes a domain, and a few of them grow without end. */
const DECLARES = /<!(DOCTYPE|ENTITY)/i;

function domain(file: string, text: string): PlacedResource[] {
    if (DECLARES.test(text)) throw new Unreadable(`${file} declares entities or a document type, which no domain has.`);
    const document = maybe(() => parseXml(text, file));
    if (document instanceof NotKnown) throw new Unreadable(`${document.because}.`);
    const root = document.documentElement?.localName;
    if (root !== "domain") throw new Unreadable(`${file} is XML of <${root}>, and <domain> is read.`);
    const name = childElements(document.documentElement, "name")[0]?.textContent?.trim() || file;
    return [{ type: DOMAIN_XML, name, props: { domainXml: text }, position: { file } }];
}

const PulumiResource = z.object({
    urn: z.string(),
    type: z.string(),
    inputs: z.record(z.string(), z.unknown()).default({}),
    additionalSecretOutputs: z.array(z.string()).optional(),
    sourcePosition: z.string().optional(),
});
const Step = z.object({ op: z.string(), newState: PulumiResource.optional() });
const Preview = z.object({ steps: z.array(Step) });
const State = z.object({ deployment: z.object({ resources: z.array(PulumiResource).default([]) }) });

function pulumi(file: string, text: string): PlacedResource[] {
    let json: unknown;
    try {
        json = JSON.parse(text);
    } catch (error) {
        throw new Unreadable(`${file} is no JSON: ${(error as Error).message}.`);
    }
    const preview = Preview.safeParse(json);
    const state = preview.success ? undefined : State.safeParse(json);
    if (!preview.success && !state?.success)
        throw new Unreadable(
            `${file} is JSON, and neither of \`pulumi preview --json\` nor of \`pulumi stack export\`.`,
        );
    const resources = preview.success
        ? preview.data.steps.filter(({ op }) => !op.startsWith("delete")).flatMap(({ newState }) => newState ?? [])
        : (state?.data?.deployment.resources ?? []);
    return resources.map(({ urn, type, inputs, additionalSecretOutputs, sourcePosition }) => ({
        type,
        urn,
        ...(additionalSecretOutputs ? { marks: additionalSecretOutputs } : {}),
        name: urn.split("::").slice(3).join("::"),
        props: shown(inputs),
        position: positionOf(file, sourcePosition),
    }));
}

/** `project:///components/vlan-tap.ts#35,22`: where the resource is constructed. */
function positionOf(file: string, source: string | undefined): PlacedResource["position"] {
    const match = /^project:\/\/\/([^#]+)#(\d+),(\d+)$/.exec(source ?? "");
    return match ? { file: match[1] ?? file, line: Number(match[2]), column: Number(match[3]) } : { file };
}

/** What the engine writes for an unknown value (sdk/go/common/resource/plugin/rpc.go), and for a secret one. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const SIGNATURE = "4dabf18193072939515e22adb298388d";

function shown(value: unknown): unknown {
    if (value === UNKNOWN) return new NotKnown("its value is not known yet");
    if (value === "[secret]") return new NotKnown("its value is secret");
    if (Array.isArray(value)) return value.map(shown);
    if (typeof value !== "object" || value === null) return value;
    if (SIGNATURE in value) return new NotKnown("its value is secret");
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shown(inner)]));
}
