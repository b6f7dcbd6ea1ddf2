/** Whose an object on the host is: every one we make carries a mark that is derived from its resource's URN. */
import { hash } from "node:crypto";

/** Key of the mark in OVSDB's external_ids; a link carries the mark as its alias. */
export const OWNER_KEY = "kvmnet-owner";

/** Longest mark [bytes]: a link's alias has at most 255 (IFALIASZ 256, linux/if.h). */
const MAX_MARK = 200;

/** The resource that a mark or URN names, in letters that are safe in every place a mark is written to. */
export interface Owner {
    mark: string;
    project: string;
    stack: string;
    type: string;
    name: string;
}

/**
 * The owner that a URN stands for: `kvmnet:DIGEST:PROJECT/STACK/TYPE/NAME`. The digest decides who it is, the rest is
 * for people and may be cut.
 *
 * @param urn `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME`
 */
export function ownerOf(urn: string): Owner {
    const [head = "", project = "", types = "", ...names] = urn.split("::");
    const owner = {
        project: plain(project).slice(0, 60),
        stack: plain(head.replace(/^urn:pulumi:/, "")).slice(0, 60),
        type: plain(types.split("$").at(-1) ?? "").slice(0, 24),
        name: plain(names.join("::")),
    };
    const digest = hash("sha256", urn, "hex").slice(0, 16);
    const mark = `kvmnet:${digest}:${owner.project}/${owner.stack}/${owner.type}/${owner.name}`.slice(0, MAX_MARK);
    return { ...owner, mark };
}

/** Who made an object, by its mark; undefined where it carries none of ours. */
export function ownerFrom(mark: string | undefined): Owner | undefined {
    const match = /^kvmnet:[0-9a-f]{16}:([^/]*)\/([^/]*)\/([^/]*)\/(.*)$/s.exec(mark ?? "");
    if (!match || !mark) return undefined;
    const [, project = "", stack = "", type = "", name = ""] = match;
    return { mark, project, stack, type, name };
}

/** Whose an object is, for messages; undefined where its mark is none of ours. */
export function belonging(mark: string | undefined): string | undefined {
    const owner = ownerFrom(mark);
    return owner && `it belongs to resource ${owner.name} of stack ${owner.project}/${owner.stack}`;
}

/** Whether two marks are of one stack of one project. */
export function sameStack(one: string | undefined, other: string | undefined): boolean {
    const [a, b] = [ownerFrom(one), ownerFrom(other)];
    return a !== undefined && b !== undefined && a.project === b.project && a.stack === b.stack;
}

const plain = (text: string) => text.replace(/[^A-Za-z0-9_.:-]/g, "_");
