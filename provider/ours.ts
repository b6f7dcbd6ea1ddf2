/** Whether what is found on a host is ours: by the mark that it carries, or because it is the object that state knows. */
import { HostError, shownName } from "./host/errors";
import { belonging, type Owner } from "./owner";
import type { Found, HostResource } from "./resource";

/** Who acts: the resource's owner by its URN, what state knows, and where warnings go. */
export interface Actor<State> {
    owner: Owner;
    /** What state last knew; an empty mark is an object that was imported without one. */
    known?: { state: State; mark: string; objectId?: string };
    /** When the step began, by `performance.now()`: what was read of the host since then serves its first look. */
    since: number;
    warn(message: string): Promise<void>;
    /** Told where what is to be made is there already, as ours. */
    adopts?(): void;
}

/** What a look at the host is told of them. */
export const ownOf = <State>({ owner, known }: Actor<State>) => ({
    mark: owner.mark,
    known: known?.state,
    formerMark: known?.mark,
});

/** Ours by our mark, or because it is the object that state knows: its mark may be from before a rename. */
export function isOurs<State>(
    { mark = "", objectId, conflict }: Found<State>,
    { owner, known }: Actor<State>,
): boolean {
    if (conflict !== undefined) return false;
    if (mark === owner.mark) return true;
    if (!known) return false;
    if (known.objectId !== undefined && objectId !== undefined && known.objectId === objectId) return true;
    // An object without a mark can only be told by what it is; one with a mark is ours wherever it was made anew.
    return (
        mark === known.mark && (mark !== "" || known.objectId === undefined || isSameIndex(known.objectId, objectId))
    );
}

/** State that knows a link by its index alone tells it from no link of another life, which may have that index too. */
const isSameIndex = (known: string, objectId = ""): boolean =>
    /^\d+$/.test(known) && objectId.endsWith(` link ${known}`);

/** Why it is not ours, for messages. */
export function ownership({ mark, conflict }: Found<unknown>): string {
    if (conflict) return conflict;
    return belonging(mark) ?? (mark ? "its owner mark is not one of ours" : "it carries no owner mark");
}

/** With what to do about it. */
export function notOurs(
    resource: Pick<HostResource, "title" | "type" | "choice">,
    id: string,
    found: Found<unknown>,
    owner: Owner,
): HostError {
    const subject = `${resource.title} ${shownName(id)}`;
    const { choice = "another name" } = resource;
    if (found.conflict)
        return new HostError(
            "conflict",
            subject,
            found.conflict,
            `It is left alone; choose ${choice}, or remove it from there.`,
        );
    if (found.mark)
        return new HostError(
            "conflict",
            subject,
            `exists, and ${ownership(found)}`,
            `It is left alone. Choose ${choice}; or, if this is the same resource under a new name, give it an alias.`,
        );
    return new HostError(
        "conflict",
        subject,
        "exists and carries no owner mark, so it is not changed",
        `Adopt it with \`pulumi import ${resource.type} ${owner.name} ${shownName(id)}\`, or choose ${choice}. ` +
            "Where a component makes the resource, add `--parent NAME=URN` with the component's URN, which `pulumi stack --show-urns` prints.",
    );
}
