/** A pull request on GitHub. */
import { gzipSync } from "node:zlib";
import { ask, askAll } from "./api";
import { ourComment } from "./comment";

interface PullRequest {
    api: string;
    token: string;
    /** `OWNER/NAME` */
    repository: string;
    number: number;
    commit: string;
    ref: string;
}

const PAGE = 100;

export function githubPullRequest({ api, token, repository, number, commit, ref }: PullRequest) {
    const root = `${api}/repos/${repository.split("/").map(encodeURIComponent).join("/")}`;
    const headers = {
        Authorization: `Bearer ${token}`,
        Accept: "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "User-Agent": "kvmnet",
    };
    const asked = (permission: string) => ({
        headers,
        help: `The token needs the permission ${permission}, which one of a pull request from a fork has not.`,
    });
    return {
        async comment(key: string, text: string | undefined): Promise<void> {
            const terms = asked("pull-requests: write");
            const page = (count: number) => `${root}/issues/${number}/comments?per_page=${PAGE}&page=${count}`;
            const ours = ourComment(key, await askAll(page, PAGE, terms), text);
            if (!ours) return;
            const { id, body } = ours;
            if (id === undefined)
                await ask(`${root}/issues/${number}/comments`, { ...terms, method: "POST", body: { body } });
            else
                await ask(`${root}/issues/comments/${encodeURIComponent(id)}`, {
                    ...terms,
                    method: "PATCH",
                    body: { body },
                });
        },

        /** @see docs.github.com, REST API for code scanning: upload an analysis as SARIF data */
        async uploadSarif(sarif: string): Promise<void> {
            const body = {
                commit_sha: commit,
                ref,
                sarif: gzipSync(sarif).toString("base64"),
                tool_name: "kvmnet",
                validate: true,
            };
            await ask(`${root}/code-scanning/sarifs`, { ...asked("security-events: write"), method: "POST", body });
        },
    };
}
