/** The pull request that this run belongs to, as GitHub Actions or GitLab CI tell it, and what can be written there. */
import { appendFileSync, readFileSync } from "node:fs";
import { z } from "zod";
import { githubPullRequest } from "./github";
import { gitlabMergeRequest } from "./gitlab";

interface Service {
    /** What the pull request is compared with. */
    base: string;
    /** The commit of the pull request; absent where nothing else is ever checked out. */
    head?: string;
    /** One comment on the pull request: written once, then edited in place. @throws Refused */
    comment?: (key: string, text: string | undefined) => Promise<void>;
    /** Hands findings to code scanning. @throws Refused */
    uploadSarif?: (sarif: string) => Promise<void>;
    /** Shows text on the page of the run. */
    summarise?: (text: string) => void;
}

type Environment = Readonly<Record<string, string | undefined>>;

const Event = z.object({
    pull_request: z
        .object({ number: z.int(), base: z.object({ sha: z.string() }), head: z.object({ sha: z.string() }) })
        .optional(),
});

/** @returns undefined where this is no run of a pull request on either service */
export function serviceOf(env: Environment): Service | undefined {
    if (env.GITHUB_ACTIONS === "true") return onGithub(env);
    if (env.GITLAB_CI === "true") return onGitlab(env);
    return undefined;
}

function onGithub(env: Environment): Service | undefined {
    const { GITHUB_EVENT_PATH, GITHUB_STEP_SUMMARY, GITHUB_TOKEN } = env;
    if (!GITHUB_EVENT_PATH) return undefined;
    const { pull_request: pull } = Event.parse(JSON.parse(readFileSync(GITHUB_EVENT_PATH, "utf8")));
    if (!pull) return undefined;
    return {
        base: pull.base.sha,
        head: pull.head.sha,
        ...(GITHUB_STEP_SUMMARY ? { summarise: (text) => appendFileSync(GITHUB_STEP_SUMMARY, `${text}\n`) } : {}),
        ...(GITHUB_TOKEN
            ? githubPullRequest({
                  api: env.GITHUB_API_URL ?? "https://api.github.com",
                  token: GITHUB_TOKEN,
                  repository: env.GITHUB_REPOSITORY ?? "",
                  number: pull.number,
                  commit: env.GITHUB_SHA ?? "",
                  ref: env.GITHUB_REF ?? "",
              })
            : {}),
    };
}

function onGitlab(env: Environment): Service | undefined {
    const base = env.CI_MERGE_REQUEST_DIFF_BASE_SHA;
    if (!base) return undefined;
    const { KVMNET_GITLAB_TOKEN: token } = env;
    return {
        base,
        ...(token
            ? gitlabMergeRequest({
                  api: env.CI_API_V4_URL ?? "",
                  token,
                  project: env.CI_PROJECT_ID ?? "",
                  number: env.CI_MERGE_REQUEST_IID ?? "",
              })
            : {}),
    };
}
