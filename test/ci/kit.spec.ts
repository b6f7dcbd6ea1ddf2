import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import { z } from "zod";
import { changedFiles } from "../../cli/review/changed";
import { type FakeApi, fakeApi } from "../support/fake-api";

const domain = (nic: string) =>
    `<domain type='kvm'>\n  <name>web</name>\n  <vcpu>1</vcpu>\n  <devices>\n    ${nic}\n  </devices>\n</domain>\n`;
const BAD = domain("<interface type='bridge'><mac address='52:54:00:00:00:01'/></interface>");
const GOOD = domain(
    "<interface type='bridge'><mac address='52:54:00:00:00:01'/><model type='virtio'/><driver name='vhost' rx_queue_size='1024'/></interface>",
);

const OF_OLD = `exemptions:
  - rule: nic-model-explicit
    resource: old.xml
    reason: It has been so for years.
`;

/** Names that a shell would act upon, git would take for options or patterns, or people would be called by. */
const HOSTILE = [
    "a;touch pwned.xml",
    "$(touch pwned).xml",
    "`touch pwned`.xml",
    "-rf.xml",
    "new\nline.xml",
    "@team *.xml",
];

/** A repository whose branch `change` adds files to `main`. */
class Repository {
    readonly folder = mkdtempSync(join(tmpdir(), "kvmnet-kit-"));

    constructor() {
        this.git("init", "--quiet", "--initial-branch=main");
        this.write({ "README.md": "a repository", "old.xml": BAD });
        this.commit();
        this.git("checkout", "--quiet", "-b", "change");
    }

    git(...args: string[]): string {
        const identity = ["-c", "user.name=kit", "-c", "user.email=kit@example.org"];
        return execFileSync("git", [...identity, ...args], { cwd: this.folder, encoding: "utf8" }).trim();
    }

    write(files: Record<string, string>): void {
        for (const [name, text] of Object.entries(files)) {
            mkdirSync(dirname(join(this.folder, name)), { recursive: true });
            writeFileSync(join(this.folder, name), text);
        }
    }

    commit(): string {
        this.git("add", "--all", ".");
        this.git("commit", "--quiet", "--message", "change");
        return this.git("rev-parse", "HEAD");
    }

    remove(): void {
        rmSync(this.folder, { recursive: true });
    }
}

describe("the pull request kit", function () {
    this.timeout(300_000);
    let repository: Repository;
    let api: FakeApi;

    beforeEach(async () => {
        repository = new Repository();
        api = await fakeApi();
    });
    afterEach(async () => {
        repository.remove();
        await api.close();
    });

    /** Runs the kit's script as the step of the action does: with the inputs' defaults, and others where a test wants them. */
    async function onGithub(inputs: Record<string, string> = {}, head = "HEAD") {
        const event = join(repository.folder, ".git", "event.json");
        const [base, sha] = ["main", head].map((of) => repository.git("rev-parse", of));
        const pull = { number: 7, base: { sha: base }, head: { sha } };
        writeFileSync(event, JSON.stringify({ pull_request: pull }));
        return step({
            ...Object.fromEntries(
                Object.entries(action().inputs).map(([name, { default: value }]) => [variable(name), value ?? ""]),
            ),
            ...Object.fromEntries(Object.entries(inputs).map(([name, value]) => [variable(name), value])),
            GITHUB_ACTIONS: "true",
            GITHUB_API_URL: api.url,
            GITHUB_REPOSITORY: "o/r",
            GITHUB_EVENT_PATH: event,
            GITHUB_STEP_SUMMARY: join(repository.folder, ".git", "summary.md"),
            GITHUB_SHA: repository.git("rev-parse", "HEAD"),
            GITHUB_REF: "refs/pull/7/merge",
            GITHUB_TOKEN: "token",
        });
    }

    const variable = (input: string) => `KVMNET_${input.toUpperCase().replaceAll("-", "_")}`;

    /** The step itself: the command of the action's file, in a shell as the runner starts it. */
    function step(env: Record<string, string>): Promise<{ status: number | null; stdout: string; stderr: string }> {
        const { run = "" } = action().runs.steps[0] ?? {};
        const child = spawn("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", run], {
            cwd: repository.folder,
            env: { PATH: process.env.PATH, HOME: process.env.HOME, GITHUB_ACTION_PATH: resolve("ci/github"), ...env },
        });
        const said = { stdout: "", stderr: "" };
        child.stdout.on("data", (chunk: Buffer) => (said.stdout += chunk.toString()));
        child.stderr.on("data", (chunk: Buffer) => (said.stderr += chunk.toString()));
        return new Promise((done, failed) => {
            child.on("error", failed);
            child.on("close", (status) => done({ status, ...said }));
        });
    }

    it("judges the files that the pull request changes, and no other", async () => {
        repository.write({ "guests/new.xml": BAD, "pom.xml": "<project/>", "values.yaml": "a: 1" });
        repository.commit();
        const { status, stdout, stderr } = await onGithub();
        assert.equal(status, 1, stderr);
        assert.match(stdout, /^guests\/new\.xml:5:5: error nic-model-explicit/m);
        assert.match(stdout, /^::error file=guests\/new\.xml,line=5,col=5,title=nic-model-explicit::/m);
        assert.doesNotMatch(stdout, /old\.xml|pom\.xml|values/);
    });

    it("takes files whatever they are called, and runs nothing of their names", async () => {
        repository.write(Object.fromEntries(HOSTILE.map((name) => [name, BAD])));
        repository.commit();
        const { status, stdout } = await onGithub({ paths: "**/*.xml" });
        assert.equal(status, 1);
        assert.match(stdout, new RegExp(`in ${HOSTILE.length} files`));
        assert.equal(existsSync(join(repository.folder, "pwned")), false);
        assert.doesNotMatch(api.comments[0]?.body ?? "", /@team/);
    });

    it("follows no link out of the repository", async () => {
        const outside = join(mkdtempSync(join(tmpdir(), "kvmnet-outside-")), "secret.xml");
        writeFileSync(outside, BAD);
        symlinkSync(outside, join(repository.folder, "link.xml"));
        repository.commit();
        const { status, stdout } = await onGithub();
        rmSync(dirname(outside), { recursive: true });
        assert.equal(status, 0, stdout);
    });

    it("takes no setting for an option or a command", async () => {
        repository.write({ "new.xml": GOOD });
        repository.commit();
        for (const [name, value] of [
            ["base", "--output=pwned"],
            ["base", "main;touch pwned"],
            ["profile", "$(touch pwned)"],
            ["key", "--> <script>"],
            ["forbid-exemptions", "--output=pwned"],
        ] as const) {
            const { status } = await onGithub({ [name]: value });
            assert.equal(status, 2, `${name} ${value}`);
        }
        assert.equal(existsSync(join(repository.folder, "pwned")), false);
    });

    it("writes one comment and edits it in place, and says in it when all is well again", async () => {
        api.comments.push(...Array.from({ length: 120 }, (_, index) => ({ id: index + 1, body: "of somebody else" })));
        repository.write({ "new.xml": BAD });
        repository.commit();
        await onGithub();
        await onGithub();
        repository.write({ "new.xml": GOOD });
        repository.commit();
        const before = api.comments.at(-1)?.body;
        assert.equal((await onGithub()).status, 0);
        assert.equal(api.comments.length, 121);
        assert.match(before ?? "", /^<!-- kvmnet review -->\n\*\*kvmnet\*\* \(profile default\): 1 mandatory/);
        assert.match(api.comments.at(-1)?.body ?? "", /nothing to tell any more/);
        const written = api.requests
            .filter(({ method }) => method !== "GET")
            .map(({ method, path }) => `${method} ${path}`);
        assert.deepEqual(written, [
            "POST /repos/o/r/issues/7/comments",
            "PATCH /repos/o/r/issues/comments/121",
            "PATCH /repos/o/r/issues/comments/121",
        ]);
    });

    it("fails no pull request for what is accepted of files that it does not change", async () => {
        repository.write({ "b.xml": GOOD, "accepted.yaml": OF_OLD });
        const lint = ["lint", "old.xml", "--write-baseline", "b.json"];
        spawnSync(process.execPath, [resolve("cli/kvmnet.cjs"), ...lint], { cwd: repository.folder });
        repository.commit();
        for (const [input, file] of [
            ["baseline", "b.json"],
            ["exemptions", "accepted.yaml"],
        ] as const) {
            const { status, stdout } = await onGithub({ [input]: file });
            assert.equal(status, 0, stdout);
            assert.match(stdout, /nothing to tell/);
        }
        assert.deepEqual(api.comments, []);
    });

    it("takes no exemption that a pull request brings along from a rule of which the administrator forbids it", async () => {
        repository.write({ "new.xml": BAD, "accepted.yaml": OF_OLD.replace("old.xml", '"*"') });
        repository.commit();
        assert.equal((await onGithub({ exemptions: "accepted.yaml" })).status, 0);
        for (const forbidden of ["ring-valid\nnic-model-explicit", "*"]) {
            const { status, stdout } = await onGithub({ exemptions: "accepted.yaml", "forbid-exemptions": forbidden });
            assert.equal(status, 1, forbidden);
            assert.match(stdout, /error nic-model-explicit: Domain web/);
            assert.match(stdout, /error exemption-valid: .*\n.*which the administrator lets nobody be exempted from/);
        }
    });

    it("says nothing on a pull request that never had anything to hear", async () => {
        repository.write({ "new.xml": GOOD });
        repository.commit();
        assert.equal((await onGithub()).status, 0);
        assert.deepEqual(api.comments, []);
    });

    it("judges a pull request from a fork, whose token may only read, and says what it could not write", async () => {
        api.refuse = 403;
        repository.write({ "new.xml": BAD });
        repository.commit();
        const { status, stderr } = await onGithub({ "upload-sarif": "true" });
        assert.equal(status, 1);
        assert.match(stderr, /was answered with 403\. The token needs the permission pull-requests: write/);
        assert.match(stderr, /security-events: write/);
        assert.match(readFileSync(join(repository.folder, ".git", "summary.md"), "utf8"), /1 mandatory/);
    });

    it("uploads findings as SARIF of the commit, and judges the preview too, its places from the repository's top", async () => {
        const inputs = { vcpu: 1, devices: { interfaces: [{ driver: { rxQueueSize: 1024 } }] } };
        const type = "libvirt:index/domain:Domain";
        const newState = {
            urn: `urn:pulumi:dev::shop::${type}::web`,
            type,
            inputs,
            sourcePosition: "project:///guests.ts#12,5",
        };
        writeFileSync(
            join(repository.folder, ".git", "preview.json"),
            JSON.stringify({ steps: [{ op: "create", newState }] }),
        );
        const { status } = await onGithub({ preview: ".git/preview.json", project: "infra", "upload-sarif": "true" });
        assert.equal(status, 1);
        const { body } = api.requests.find(({ path }) => path === "/repos/o/r/code-scanning/sarifs") ?? assert.fail();
        assert.equal(body.commit_sha, repository.git("rev-parse", "HEAD"));
        assert.equal(body.ref, "refs/pull/7/merge");
        const sarif = gunzipSync(Buffer.from(String(body.sarif), "base64")).toString();
        assert.match(sarif, /"uri": "infra\/guests\.ts"/);
    });

    it("says what to check out where the history is not there", async () => {
        repository.write({ "new.xml": BAD });
        repository.commit();
        const { status, stderr } = await onGithub({ base: "0123456789012345678901234567890123456789" });
        assert.equal(status, 2);
        assert.match(stderr, /fetch-depth: 0/);
    });

    it("judges the merge of a pull request with its base, and not the base in its place", async () => {
        repository.write({ "new.xml": BAD });
        repository.commit();
        repository.git("checkout", "--quiet", "--detach", "main");
        const { status, stderr } = await onGithub({}, "change");
        assert.equal(status, 2);
        assert.match(stderr, /not checked out here.*Run this on pull_request,/);
        assert.deepEqual(api.requests, []);
        repository.git("merge", "--quiet", "--no-ff", "--no-edit", "change");
        assert.equal((await onGithub({}, "change")).status, 1);
    });

    it("compares with a branch whatever git lets it be called, and with no range and no other expression", async () => {
        repository.write({ "new.xml": BAD });
        repository.commit();
        for (const name of ["feature/c++", "user@host", "fix-#12", "größe"]) {
            repository.git("branch", name, "main");
            const changed = await changedFiles(repository.folder, name, []);
            assert.deepEqual(
                changed.map(({ path }) => path),
                ["new.xml"],
                name,
            );
        }
        for (const name of ["main..HEAD", "main@{1}", "-main", "^main", "main~1", "main:old.xml", "a b", ""])
            await assert.rejects(changedFiles(repository.folder, name, []), /no branch and no commit/, name);
    });

    it("says what git finds wrong, and no more of what git says", async () => {
        await assert.rejects(
            changedFiles(repository.folder, "nowhere", []),
            /^Error: What this branch changes against nowhere cannot be told: ambiguous argument 'nowhere\.\.\.HEAD'[^\n]*\. Check the repository out/,
        );
        await assert.rejects(
            changedFiles(tmpdir(), "main", []),
            /is in no git repository that can be read: not a git repository[^\n]*\. Run the command in a checkout of the pull request\.$/,
        );
    });

    it("does on GitLab what its template says, with a token for the comment alone", async () => {
        repository.write({ "new.xml": BAD });
        repository.commit();
        const { "kvmnet-lint": job } = gitlab();
        const env = {
            ...Object.fromEntries(Object.entries(job.variables).filter(([name]) => name.startsWith("KVMNET_"))),
            GITLAB_CI: "true",
            CI_API_V4_URL: `${api.url}/api/v4`,
            CI_PROJECT_ID: "42",
            CI_MERGE_REQUEST_IID: "3",
            CI_MERGE_REQUEST_DIFF_BASE_SHA: repository.git("rev-parse", "main"),
        };
        const without = await step(env);
        assert.equal(without.status, 1);
        assert.match(without.stderr, /no token/);
        assert.equal((await step({ ...env, KVMNET_GITLAB_TOKEN: "token" })).status, 1);
        assert.deepEqual(
            api.requests.filter(({ method }) => method !== "GET").map(({ method, path }) => `${method} ${path}`),
            ["POST /api/v4/projects/42/merge_requests/3/notes"],
        );
        const [finding] = JSON.parse(readFileSync(join(repository.folder, "gl-code-quality-report.json"), "utf8")) as {
            check_name: string;
        }[];
        assert.equal(finding?.check_name, "nic-model-explicit");
        for (const path of Object.values(job.artifacts.reports))
            assert(existsSync(join(repository.folder, path)), path);
    });
});

describe("the kit's files", () => {
    it("are a composite action whose steps get every input by the environment, and none by the text of a command", () => {
        const { inputs, runs } = action();
        const env = runs.steps.flatMap((each) => Object.values(each.env));
        for (const name of Object.keys(inputs)) assert(env.includes(`\${{ inputs.${name} }}`), name);
        for (const { run } of runs.steps) assert.doesNotMatch(run, /\$\{\{/);
    });

    it("use no action of others", () =>
        assert.doesNotMatch(readFileSync("ci/github/action.yml", "utf8"), /^\s+(- )?uses:/m));

    it("are a job for GitLab that runs for merge requests alone", () => {
        const { "kvmnet-lint": job } = gitlab();
        assert.deepEqual(job.rules, [{ if: '$CI_PIPELINE_SOURCE == "merge_request_event"' }]);
        assert.equal(job.variables.KVMNET_RELEASE, version());
    });

    it("are a hook for pre-commit that judges the files it is handed, passing over what is not ours", () => {
        const [hook] = z.array(Hook).parse(parse(readFileSync(".pre-commit-hooks.yaml", "utf8")));
        assert.equal(hook?.entry, `npx --yes kvmnet@${version()} lint --ours`);
        const [program = "", ...args] = hook.entry.split(" ");
        const folder = mkdtempSync(join(tmpdir(), "kvmnet-hook-"));
        // As `npm install` lays a package: npx takes it from here, and from the registry where it is not.
        mkdirSync(join(folder, "node_modules/.bin"), { recursive: true });
        symlinkSync(process.cwd(), join(folder, "node_modules/kvmnet"));
        symlinkSync("../kvmnet/cli/kvmnet.cjs", join(folder, "node_modules/.bin/kvmnet"));
        writeFileSync(join(folder, "guest.xml"), BAD);
        writeFileSync(join(folder, "pom.xml"), "<project/>");
        const hooked = (...files: string[]) => {
            try {
                execFileSync(program, [...args, ...files], { cwd: folder, stdio: "pipe" });
                return 0;
            } catch (error) {
                return (error as { status: number }).status;
            }
        };
        assert.equal(hooked("pom.xml"), 0);
        assert.equal(hooked("pom.xml", "guest.xml"), 1);
        assert.equal(hooked("guest.xml", "--write-baseline", "b.json"), 1);
        assert.equal(hooked("pom.xml", "--baseline", "b.json"), 0, "what was not handed over is not gone");
        rmSync(folder, { recursive: true });
    }).timeout(300_000);

    it("are in the published package, but for the hook, which pre-commit takes from the repository", () => {
        const { files } = JSON.parse(readFileSync("package.json", "utf8")) as { files: string[] };
        assert(files.includes("ci"));
    });
});

/** What GitHub requires of a composite action (docs.github.com, metadata syntax). */
const Action = z.strictObject({
    name: z.string(),
    description: z.string(),
    author: z.string(),
    branding: z.strictObject({ icon: z.string(), color: z.string() }),
    inputs: z.record(
        z.string().regex(/^[a-z-]+$/),
        z.strictObject({
            description: z.string().min(10),
            default: z.string().optional(),
            required: z.boolean().optional(),
        }),
    ),
    runs: z.strictObject({
        using: z.literal("composite"),
        steps: z.array(
            z.strictObject({
                name: z.string(),
                shell: z.literal("bash"),
                run: z.string(),
                env: z.record(z.string(), z.string()),
            }),
        ),
    }),
});
const action = () => Action.parse(parse(readFileSync("ci/github/action.yml", "utf8")));

/** What GitLab requires of such a job (docs.gitlab.com, CI/CD YAML syntax reference). */
const Template = z.strictObject({
    "kvmnet-lint": z.strictObject({
        image: z.string(),
        stage: z.string(),
        rules: z.array(z.strictObject({ if: z.string() })),
        variables: z.record(z.string(), z.string()),
        before_script: z.array(z.string()),
        script: z.array(z.string()),
        artifacts: z.strictObject({
            when: z.literal("always"),
            paths: z.array(z.string()),
            reports: z.strictObject({ codequality: z.string(), junit: z.string() }),
        }),
    }),
});
const gitlab = () => Template.parse(parse(readFileSync("ci/gitlab/kvmnet-lint.yml", "utf8")));

/** What pre-commit requires of a hook (pre-commit.com, Creating new hooks). */
const Hook = z.strictObject({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    entry: z.string(),
    // What pre-commit installs for `node` is the repository, whose sources npm neither packs nor compiles there.
    language: z.literal("system"),
    require_serial: z.literal(true),
    types_or: z.array(z.enum(["xml", "json", "yaml"])),
    pass_filenames: z.literal(true),
});

const version = () => (JSON.parse(readFileSync("package.json", "utf8")) as { version: string }).version;
