/** What one kind of host object answers; all that is common to them (ownership, retries, proof) is in lifecycle.ts. */
import type { z } from "zod";
import type { Host } from "./host";

/** What a change of a property costs: a live update, or the object anew. */
export type Cost = "update" | "replace";

/** An object that is on the host. */
export interface Found<State> {
    state: State;
    /** The owner mark that it carries. */
    mark?: string;
    /** Why it is there and yet does not work, in the host's words. */
    fault?: string;
    /** Why it can be no object of this kind of ours, and cannot be imported as one. */
    conflict?: string;
}

/** Who looks: the mark we write, and what our state last knew of the object. */
interface Own<State> {
    mark: string;
    known?: State;
}

/** Each method may run twice without harm. Gone is undefined in `find`, and `delete` is only called with what was found. */
export interface HostResource<
    State extends { name: string } = { name: string },
    Here extends Found<State> = Found<State>,
> {
    /** Type token. */
    type: string;
    /** What people call it in messages: `OVS bridge`. */
    title: string;
    /** One sentence for the package schema. */
    description: string;
    schema: z.ZodType<State> & { shape: z.core.$ZodShape };
    /** Forget a property and the compiler asks. */
    cost: Record<keyof State, Cost>;
    /** Properties that are always known though no input need give them. */
    derived?: (keyof State)[];
    /** Fills what is derived, from the state's seed alone and never from the host: preview shows it too. */
    complete?(want: State, seed: string): State;
    find(host: Host, name: string, own: Own<State>): Promise<Here | undefined>;
    create(host: Host, want: State, mark: string): Promise<void>;
    /** Brings what was found to what is wanted, and marks it. */
    update(host: Host, found: Here, want: State, mark: string): Promise<void>;
    delete(host: Host, found: Here, mark: string): Promise<void>;
}
