/** Keeps what is secret out of every text and every value that is shown: what holds a secret is one. */
import { CUT, HostError, InputRefused, printable } from "./host/errors";
import { Unfinished } from "./lifecycle";
import { isPlain, Secret, secretKeys, withSecrets, type Bag, type Property } from "./wire";

/** Shorter texts, and numbers, are found anywhere by chance [characters]. */
const LEAST_LENGTH = 4;
/** What we note of whose an object is holds no value of a program's, but words of its names. */
const PUBLIC = ["owner", "objectId"];

/** What of some bags is secret, and every text in it. */
export class Secrets {
    private readonly keys: ReadonlySet<string>;
    private readonly texts: readonly string[];

    /** @param always properties that are secret whoever gives them */
    constructor(always: readonly string[], ...given: Bag[]) {
        const bags = always.length > 0 ? given : given.filter((bag) => !isPlain(bag));
        this.keys = new Set([...secretKeys(...bags), ...always]);
        // Most steps have none, and each has several bags.
        const holding = this.keys.size > 0 ? bags : [];
        const found = holding.flatMap((bag) =>
            Object.entries(bag).flatMap(([key, value]) => textsIn(value, always.includes(key))),
        );
        // The longest first, so that none is shown in part.
        this.texts = [...new Set(found)].sort((a, b) => b.length - a.length);
    }

    /** The bag with all that is secret marked so, and all that holds a secret text as well. */
    marked(bag: Bag): Bag {
        if (this.keys.size === 0) return bag;
        const holding = Object.keys(bag).filter((key) => !PUBLIC.includes(key) && this.isIn(bag[key] ?? null));
        return withSecrets(bag, new Set([...this.keys, ...holding]));
    }

    /**
     * The text with every secret in it replaced. A host may write it in other case, or with quotes escaped, and we write the
     * host's words on one line, without what is not ASCII, and cut them off.
     */
    hidden(text: string): string {
        return this.texts.reduce((shown, secret) => withoutBegun(shown.replace(anyOf(secret), HIDDEN), secret), text);
    }

    /** The work, whose errors show no secret. */
    async kept<Result>(work: () => Promise<Result>): Promise<Result> {
        try {
            return await work();
        } catch (error) {
            throw this.texts.length > 0 ? this.without(error) : error;
        }
    }

    private isIn(value: Property): boolean {
        return this.texts.length > 0 && textsIn(value, true).some((text) => this.hidden(text) !== text);
    }

    private factOf(error: HostError): string {
        const isOfSecret = error instanceof InputRefused && error.properties.some((key) => this.keys.has(key));
        return isOfSecret ? error.untold : error.fact;
    }

    private said(error: HostError): string {
        return `${error.subject}: ${this.factOf(error)}. ${error.next}`;
    }

    private without(error: unknown): unknown {
        if (error instanceof Unfinished)
            return new Unfinished<unknown>(
                error.kept,
                (error.refused ? [this.said(error.refused)] : error.reasons).map((reason) => this.hidden(reason)),
            );
        if (error instanceof HostError)
            return new HostError(
                error.kind,
                this.hidden(error.subject),
                this.hidden(this.factOf(error)),
                this.hidden(error.next),
            );
        return new Error(this.hidden(error instanceof Error ? error.message : String(error)));
    }
}

/** The texts of a value that are secret. @param isSecret whether it stands inside a secret */
function textsIn(value: Property, isSecret: boolean): string[] {
    if (value instanceof Secret) return textsIn(value.value, true);
    if (typeof value === "string") return isSecret && value.length >= LEAST_LENGTH ? [value] : [];
    if (Array.isArray(value)) return value.flatMap((inner) => textsIn(inner, isSecret));
    if (typeof value !== "object" || value === null) return [];
    return Object.values(value).flatMap((inner) => textsIn(inner, isSecret));
}

const HIDDEN = "[secret]";

const anyOf = (secret: string) => {
    // The longer ones are found first, so that nothing of them stays.
    const spellings = spellingsOf(secret).sort((a, b) => b.length - a.length);
    return new RegExp(spellings.map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|"), "gi");
};

function spellingsOf(secret: string): string[] {
    const written = [JSON.stringify(secret).slice(1, -1), secret];
    const shown = written.map(printable).filter((text) => text.length >= LEAST_LENGTH);
    return [...new Set([...written, ...shown])];
}

/** The text without what of a secret stands before a cut. */
function withoutBegun(text: string, secret: string): string {
    const parts = text.split(CUT);
    if (parts.length === 1) return text;
    const spellings = spellingsOf(secret).map((spelling) => spelling.toLowerCase());
    const shown = parts.slice(0, -1).map((part) => {
        const lower = part.toLowerCase();
        const begun = spellings.map((spelling) => begunAtEnd(lower, spelling));
        const length = Math.max(...begun);
        return length < LEAST_LENGTH ? part : part.slice(0, -length) + HIDDEN;
    });
    return [...shown, ...parts.slice(-1)].join(CUT);
}

/** How much of a secret's beginning a text ends with. */
function begunAtEnd(text: string, secret: string): number {
    for (let length = Math.min(text.length, secret.length); length > 0; length--)
        if (text.endsWith(secret.slice(0, length))) return length;
    return 0;
}
