/** Inputs of resources as rules read them: the SDK unpacks a resource for each policy anew, and we read it for all at once. */
import { UnknownValueError } from "@pulumi/policy";
import { plain } from "./inputs";

/** Resources whose reading is kept: the engine asks about several at a time, and of each all rules in a row. */
const KEPT = 64;

export class Readings {
    readonly #kept = new Map<string, { asked: Set<string>; props: unknown }>();

    /** A rule that asks about a resource again has come to its next judgement: what was read then is gone. */
    of(rule: string, { urn, props }: { urn: string; props: object }): unknown {
        const before = this.#kept.get(urn);
        if (before && !before.asked.has(rule)) {
            before.asked.add(rule);
            return before.props;
        }
        const read = plain(props, (error) => error instanceof UnknownValueError);
        this.#kept.delete(urn);
        if (this.#kept.size >= KEPT) this.#kept.delete([...this.#kept.keys()][0] ?? "");
        this.#kept.set(urn, { asked: new Set([rule]), props: read });
        return read;
    }
}
