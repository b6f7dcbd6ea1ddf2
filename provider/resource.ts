/** What one kind of host object answers; what is common to them all (looks, retries, proof) is in lifecycle.ts. */
import type { z } from "zod";
import type { Host } from "./host";
import type { Plan } from "./plan";
import type { Property } from "./wire";

/** What a change of a property costs: a live update that restarts nothing, or the object anew. */
export type Cost = "update" | "replace";

/** Values by name; what is undefined is not there. */
export type Outputs = { [name: string]: Property | undefined };

/** An object that is on the host. */
export interface Found<State> {
    state: State;
    /** The owner mark that it carries. */
    mark?: string;
    /** It is anybody's to take, for nothing of ours has been done to it yet: a link that nobody has tuned. */
    free?: boolean;
    /** Which object this is, whatever its name and mark: a row's UUID, a link's life and index. */
    objectId?: string;
    /** What is known only from the host, by the names of `outputs`. */
    outputs?: Outputs;
    /** Why it is there and yet does not work, in the host's words. */
    fault?: string;
    /** Sentences that a refresh warns with: what others have put beside it, which leaves it as it is and yet tells of it. */
    beside?: readonly string[];
    /** Why it can be no object of this kind of ours, and cannot be imported as one. */
    conflict?: string;
}

/** Who looks: the mark we write, and what our state last knew of the object. */
export interface Own<State> {
    mark: string;
    known?: State;
    /** The mark that state knows: one from before a rename; empty for an import that was not changed since. */
    formerMark?: string;
}

/**
 * Looking changes nothing, and every change is a plan: a value, carried out by `carryOut` and nobody else. Each method
 * may run twice without harm. Gone is undefined in `find`, and `delete` is only called with what was found.
 */
export interface HostResource<State extends object = object, Here extends Found<State> = Found<State>> {
    /** Type token. */
    type: string;
    /** What people call it in messages: `OVS bridge`. */
    title: string;
    /** For the package schema and the reference page: what it is, what it owns, what it leaves alone. */
    description: string;
    schema: z.ZodType<State> & { shape: z.core.$ZodShape };
    /** Forget a property and the compiler asks. */
    cost: Record<keyof State, Cost>;
    /** Properties that change live, but not from one of these values to the other. */
    replaces?(was: State, want: State): (keyof State)[];
    /**
     * Properties that change live and name what it stands on, or is made of: it goes with that, so where the engine deletes
     * that to make it anew, it must make this anew too.
     */
    standsOn?: (keyof State)[];
    /** Properties that are always known though no input need give them. */
    derived?: (keyof State)[];
    /** What the host has where nothing is said: saying it makes no difference. */
    presets?: Partial<State>;
    /** Presets that follow from what else is said. */
    presetsBy?(said: Partial<State>): Partial<State>;
    /** What the host alone decides: described, never an input. */
    outputs?: z.ZodObject;
    /**
     * What of the inputs an output follows, by the name of the output: where it changes, a preview does not know the output.
     * Of an output that is a map, it is one by the same keys. An input may be unknown, as a whole or within.
     */
    follows?: { [output: string]: (said: Partial<State>) => unknown };
    /** Properties whose values are shown to nobody. */
    secrets?: (keyof State)[];
    /** Fills what is derived, from the state's seed alone and never from the host: preview shows it too. */
    complete?(want: State, seed: string): State;
    /** The object's id, which `pulumi import` takes; its `name` where this is absent. */
    idOf?(state: State): string;
    /** How an id is written, for messages and docs, as a shell takes it: `LINK/ADDRESS`; `INTERFACE` where this is absent. */
    idForm?: string;
    /** What is to be said of that form, to follow it in a sentence: an example, a part that not every id has. */
    idNote?: string;
    /** Where it stands beside its id, each place for one alone: the former goes before another takes any of them. */
    placesOf?(state: State): string[];
    /** What to choose anew where somebody else's is in the way; `another name` where this is absent. */
    choice?: string;
    /** What is wrong with an id that a person typed; undefined when nothing is. Its `name` is judged where this is absent. */
    checkId?(id: string): string | undefined;
    /** Things that at most one resource of a program may declare, such as `link tap-web0`: two are refused in preview. */
    claims?(want: State): string[];
    /** Sentences to warn with before an object is made: who else manages what it touches. */
    cautions?(host: Host, want: State): Promise<string[]>;
    /** What a change adds of which `cautions` has to say something; undefined where it adds nothing of the kind. */
    newOf?(was: State, want: State): State | undefined;
    /**
     * Sentences to warn with when this change is planned, in a preview too: what it does to more than the object itself. A
     * property that is unknown is absent; what it holds may be unknown.
     */
    foretold?(was: Partial<State>, want: Partial<State>): string[];
    /** Begins to read what `find` will look at, for properties so large that they themselves take time to read. */
    looksAt?(host: Host): Promise<unknown>;
    find(host: Host, id: string, own: Own<State>): Promise<Here | undefined>;
    /**
     * What of an update can be changed before all that `find` looks at has been read; empty where nothing can. It is for a
     * change after which `update` has nothing left to do, unless somebody else changed the object too; where that is refused,
     * what went ahead is taken back.
     */
    ahead?(host: Host, want: State, own: Own<State>): Promise<Plan>;
    create(host: Host, want: State, mark: string): Plan | Promise<Plan>;
    /** Looks at what was made of links while the switch takes them up: `find` has less to do then. */
    meanwhile?(host: Host, id: string, own: Own<State>): Promise<unknown>;
    /** Brings what was found to what is wanted, and marks it. */
    update(host: Host, found: Here, want: State, mark: string): Plan | Promise<Plan>;
    delete(host: Host, found: Here, mark: string): Plan | Promise<Plan>;
    /** Removes what an object leaves elsewhere that is to go and that somebody else has removed: flows of a port. */
    leftBehind?(host: Host, own: Own<State>): Promise<Plan>;
    /** Comes back when what was made or changed works, where that takes longer than making it: a port that learns first. */
    settle?(host: Host, want: State): Promise<void>;
    /** Sentences to warn with after a change or a delete: which former values were not given back, and why. */
    keeps?(host: Host, found: Here, want?: State): Promise<string[]>;
    /** Comes back when what was told to go is gone, with sentences to warn with where it is not. */
    left?(host: Host, was: State): Promise<string[]>;
}

/** The id of an object: what the resource says, or its name. */
export function idOf<State extends object>(resource: HostResource<State>, state: State): string {
    return resource.idOf?.(state) ?? (state as { name: string }).name;
}
