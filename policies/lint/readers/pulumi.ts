/** JSON that Pulumi wrote: a preview, or an exported state. */
import { z } from "zod";
import { at } from "../../inputs";
import { maybe, NotKnown } from "../../known";
import { changeOf } from "../changes";
import type { PlacedResource } from "../finding";
import { type ReadSource, Unreadable } from "../source";
import { boundedList, jsonOf, rewritten } from "./json";

const PulumiResource = z.object({
    urn: z.string(),
    type: z.string(),
    provider: z.string().optional(),
    inputs: z.record(z.string(), z.unknown()).default({}),
    additionalSecretOutputs: z.array(z.string()).optional(),
    sourcePosition: z.string().optional(),
});
const Step = z.object({
    op: z.string(),
    newState: PulumiResource.optional(),
    oldState: PulumiResource.optional().catch(undefined),
});
const Preview = z.object({ steps: z.array(Step) });
const State = z.object({ deployment: z.object({ resources: z.array(PulumiResource).nullable().default([]) }) });

export const readPulumi: ReadSource = (source) => {
    const { file } = source;
    const json = jsonOf(source);
    for (const path of [["steps"], ["deployment", "resources"]]) boundedList(file, at(json, ...path));
    const preview = Preview.safeParse(json);
    const state = preview.success ? undefined : State.safeParse(json);
    if (!preview.success && !state?.success)
        throw new Unreadable(
            `${file} is JSON, and neither of \`pulumi preview --json\` nor of \`pulumi stack export\`.`,
        );
    if (!preview.success) return (state?.data?.deployment.resources ?? []).map((one) => placed(file, one));
    return (
        preview.data.steps
            // With --show-replacement-steps a replacement is three steps, of which `replace` has both states.
            .filter(({ op }) => !op.startsWith("delete") && op !== "create-replacement")
            .flatMap(({ op, newState, oldState }) => {
                if (!newState) return [];
                const after = placed(file, newState);
                const change = changeOf(op, () => oldState && placed(file, oldState).props, after);
                return change ? [after, change] : [after];
            })
    );
};

/** @throws Unreadable */
function placed(
    file: string,
    { urn, type, provider, inputs, additionalSecretOutputs, sourcePosition }: z.output<typeof PulumiResource>,
): PlacedResource {
    const props = maybe(() => rewritten(inputs, shown));
    if (props instanceof NotKnown) throw new Unreadable(`${file} cannot be read: ${props.because}.`);
    return {
        type,
        urn,
        // Behind its URN stands the id that it has at this time.
        ...(provider === undefined ? {} : { provider: provider.replace(/::[^:]*$/, "") }),
        ...(additionalSecretOutputs ? { marks: additionalSecretOutputs } : {}),
        name: urn.split("::").slice(3).join("::"),
        props,
        position: positionOf(file, sourcePosition),
    };
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
    if (typeof value === "object" && value !== null && Object.hasOwn(value, SIGNATURE))
        return new NotKnown("its value is secret");
    return value;
}
