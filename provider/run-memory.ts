/** What one run of the engine has told so far. The engine asks step by step, and some answers follow from earlier steps. */
import { randomBytes } from "node:crypto";
import type { Bag } from "./wire";

/** An object as an entry of the engine's state tells it. */
interface Standing {
    /** Its id by what it is now, as what moves live keeps the id that it was made with. */
    id: string;
    objectId: string | undefined;
    /**
     * Tells the entry from an earlier one of the same object. Where the engine is told to replace a resource that need not
     * be replaced (`--replace`, `replaceWith`), it makes it before it deletes the former one, and both are the same object;
     * where it is interrupted in between, the delete comes with the next run.
     */
    takeover: string | undefined;
}

export class RunMemory {
    private readonly declared = new Set<string>();
    private readonly claims = new Map<string, string>();
    private readonly checked = new Map<string, Bag>();
    private readonly former = new Map<string, Bag>();
    private readonly current = new Map<string, Standing>();
    private readonly takeovers = new Map<string, string>();
    private readonly told = new Set<string>();

    /** A new run: nothing of it has been declared or made yet. */
    begin(): void {
        this.current.clear();
        this.takeovers.clear();
        this.declared.clear();
    }

    /** The program declares this resource, or declares it anew. */
    declare(urn: string): void {
        this.declared.add(urn);
        this.checked.delete(urn);
    }

    isDeclared = (urn: string): boolean => this.declared.has(urn);

    /** Takes what at most one resource may declare. @returns the URN that has it, which may be another's */
    claim(claim: string, urn: string): string {
        const holder = this.claims.get(claim) ?? urn;
        this.claims.set(claim, holder);
        return holder;
    }

    /** Keeps what a check has answered: the same inputs need no second judgement. */
    judged(urn: string, inputs: Bag): void {
        this.checked.set(urn, inputs);
    }

    /** What was judged of it last, once. */
    takeJudged(urn: string): Bag | undefined {
        const inputs = this.checked.get(urn);
        this.checked.delete(urn);
        return inputs;
    }

    /**
     * Keeps what state knew of a resource that foretells. Where what it depends on is deleted before it is replaced, the
     * engine asks for a difference with the former inputs alone, and then creates it anew.
     */
    stood(urn: string, state: Bag): void {
        this.former.set(urn, state);
    }

    formerOf = (urn: string): Bag | undefined => this.former.get(urn);

    /** What the engine holds for the object of a resource; a delete may come for an entry that it held before. */
    holds(urn: string, standing: Standing): void {
        this.current.set(urn, standing);
    }

    /** A create has found what may be the object of an earlier entry. */
    takesOver(urn: string): void {
        this.takeovers.set(urn, randomBytes(4).toString("hex"));
    }

    /** What tells the entry that a create makes from earlier ones; undefined where the object itself does. */
    takeoverOf = (urn: string): string | undefined => this.takeovers.get(urn);

    /** Whether a delete of this would remove what another entry stands for. */
    isHeldAnew(urn: string, { id, objectId, takeover }: Standing): boolean {
        const now = this.current.get(urn);
        if (now?.id !== id) return false;
        return now.takeover !== takeover || (objectId !== undefined && now.objectId !== objectId);
    }

    /** Whether a sentence is told for the first time: the engine asks for the same difference several times. */
    isNews(sentence: string): boolean {
        const isNews = !this.told.has(sentence);
        this.told.add(sentence);
        return isNews;
    }
}
