/** What one run of the engine has told so far. The engine asks step by step, and some answers follow from earlier steps. */
import type { Bag } from "./wire";

export class RunMemory {
    private readonly declared = new Set<string>();
    private readonly claims = new Map<string, string>();
    private readonly checked = new Map<string, Bag>();
    private readonly former = new Map<string, Bag>();
    private readonly adopted = new Map<string, string>();
    private readonly told = new Set<string>();

    /** A new run: nothing of it has been declared or made yet. */
    begin(): void {
        this.adopted.clear();
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

    /**
     * A create found this as ours. Where the engine is told to replace a resource that need not be replaced (`--replace`,
     * `replaceWith`), it makes it before it deletes the former one, and both are the same object.
     */
    adopt(urn: string, id: string): void {
        this.adopted.set(urn, id);
    }

    /** Whether a delete would remove what this run has adopted; asked once. */
    takeAdopted(urn: string, id: string): boolean {
        return this.adopted.get(urn) === id && this.adopted.delete(urn);
    }

    /** Whether a sentence is told for the first time: the engine asks for the same difference several times. */
    isNews(sentence: string): boolean {
        const isNews = !this.told.has(sentence);
        this.told.add(sentence);
        return isNews;
    }
}
