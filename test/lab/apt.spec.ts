import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
    chmodSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PLAIN_ENV } from "../../lab/commands";
import { fetchPackages } from "../../lab/guest/parts";
import { install, lockHolder, whileLocked } from "../../lab/packages";

const LOCKED =
    "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 31 (apt-get)\n" +
    "E: Unable to lock directory /var/lib/apt/lists/\n";

describe("an apt that finds a lock taken", () => {
    const answer = (exitCode: number, stderr = "") => ({ exitCode, stdout: "", stderr });

    it("is run again until the other has ended, and says which that is", async () => {
        const answers = [answer(100, LOCKED), answer(100, LOCKED), answer(0)];
        const told: string[] = [];
        const apt = () => Promise.resolve(answers.shift() ?? assert.fail("run too often"));
        assert.equal((await whileLocked(apt, (detail) => told.push(detail), 1000, 1)).exitCode, 0);
        assert.deepEqual(told, Array(2).fill("waiting for process 31 (apt-get)"));
    });
    it("is not waited for without end", async () => {
        const apt = () => Promise.resolve(answer(100, LOCKED));
        assert.equal((await whileLocked(apt, () => undefined, 20, 5)).exitCode, 100);
    });
    it("is told from one that failed otherwise", () => {
        assert.equal(lockHolder("E: Unable to locate package x\n"), undefined);
        assert.equal(lockHolder("Waiting for cache lock: Could not get lock /a. It is held by process 3\n"), undefined);
    });
    it("names the file where the process is not known", () =>
        assert.equal(
            lockHolder("E: Could not get lock /var/lib/apt/lists/lock - open (11: Resource temporarily unavailable)"),
            "/var/lib/apt/lists/lock",
        ));
});

const UNIT = `[Service]
ExecStart=/bin/true

[Install]
WantedBy=multi-user.target
`;
const SCRIPT = `#!/bin/sh
### BEGIN INIT INFO
# Provides: example
# Default-Start: 2 3 4 5
# Default-Stop: 0 1 6
### END INIT INFO
`;
/** What Debian's packages run to have a service of theirs enabled, at each installation and each upgrade. */
const POSTINST = `
    export DPKG_MAINTSCRIPT_PACKAGE=example
    update-rc.d example defaults >/dev/null
    deb-systemd-helper unmask example.service >/dev/null
    if deb-systemd-helper --quiet was-enabled example.service; then
        deb-systemd-helper enable example.service >/dev/null
    else
        deb-systemd-helper update-state example.service >/dev/null
    fi`;

describe("fetching packages", () => {
    const path = process.env.PATH;
    let folder: string;
    /** A program of this name comes first on the PATH; it runs `body` in the folder of this test. */
    const standIn = (name: string, body: string) => {
        const file = join(folder, "bin", name);
        writeFileSync(file, `#!/bin/sh\nhere='${folder}'\n${body}\n`);
        chmodSync(file, 0o755);
    };

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "kvmnet-apt-"));
        mkdirSync(join(folder, "bin"));
        process.env.PATH = `${join(folder, "bin")}:${path}`;
    });
    afterEach(() => {
        process.env.PATH = path;
        rmSync(folder, { recursive: true });
    });

    it("asks for the kernel's name anew after stale lists, and keeps nothing of the first attempt", async () => {
        standIn("apt-cache", `[ -e "$here/fresh" ] && v=2 || v=1; echo "  Depends: linux-image-$v"`);
        standIn(
            "apt-get",
            `case "$*" in
                *update) touch "$here/fresh" ;;
                *linux-image-2*) touch kernel-2.deb ;;
                *) touch busybox.deb; exit 100 ;;
            esac`,
        );
        const packages = join(folder, "packages");
        await fetchPackages(packages, () => undefined);
        assert.deepEqual(readdirSync(packages), ["kernel-2.deb"]);
    });

    describe("to install them", () => {
        beforeEach(() => {
            standIn("unshare", `while [ "$1" != without-services ]; do shift; done; shift; exec "$@"`);
            standIn("dpkg", `echo "$*" >"$here/configured"; exit 1`);
            standIn("dpkg-query", "echo bash installed");
        });

        it("finishes what was interrupted when apt says so, and goes on where that fails", async () => {
            standIn(
                "apt-get",
                `echo "$*" >>"$here/calls"
                [ -e "$here/configured" ] && exit 0
                echo "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem." >&2
                exit 100`,
            );
            await install(["kmod"], () => undefined);
            assert.equal(readFileSync(join(folder, "configured"), "utf8"), "--configure -a\n");
            assert.match(readFileSync(join(folder, "calls"), "utf8"), /^(.* install .*--fix-broken.* kmod\n){2}$/);
        });
        it("leaves dpkg alone when apt says nothing of it", async () => {
            standIn("apt-get", "echo 'E: Unable to locate package kmod' >&2; exit 100");
            await assert.rejects(
                install(["kmod"], () => undefined),
                /Unable to locate/,
            );
            assert.ok(!existsSync(join(folder, "configured")));
        });

        describe("where an installation has begun and not ended", () => {
            /** It knows what the packages need, and notes what it is to install. */
            const APT = `case "$*" in
                    *status=/dev/null*) echo "Inst libkmod2 (30)"; echo "Inst kmod (30)" ;;
                    *check) touch "$here/waited" ;;
                    *) echo "$*" >>"$here/calls" ;;
                esac`;
            beforeEach(() => standIn("apt-get", APT));

            it("refuses to finish one of somebody else, whose services would stay off", async () => {
                standIn("dpkg-query", "echo nginx unpacked; echo kmod half-configured; echo nginx-core half-installed");
                await assert.rejects(
                    install(["kmod"], () => undefined),
                    /^Error: The installation of nginx, nginx-core was interrupted.* `dpkg --configure -a`.*, then try again\.$/,
                );
                assert.ok(!existsSync(join(folder, "calls")));
            });
            it("finishes its own", async () => {
                standIn("dpkg-query", "echo bash installed; echo libkmod2 unpacked");
                await install(["kmod"], () => undefined);
                assert.ok(existsSync(join(folder, "calls")));
            });
            it("waits for somebody else's that goes on", async () => {
                standIn("dpkg-query", `[ -e "$here/waited" ] || echo nginx unpacked`);
                await install(["kmod"], () => undefined);
                assert.ok(existsSync(join(folder, "calls")));
            });
        });
    });

    describe("to install one with a service", () => {
        /** What Debian's tools take for `/`. */
        const root = () => join(folder, "root");
        const file = (path: string, text: string) => {
            mkdirSync(dirname(join(root(), path)), { recursive: true });
            writeFileSync(join(root(), path), text);
        };
        const byDebian = () => execFileSync("sh", ["-ec", POSTINST], { env: process.env });
        const byUs = () => install(["example"], () => undefined);
        const links = () =>
            ["etc/systemd/system/multi-user.target.wants", "etc/rc2.d", "etc/rc6.d"].flatMap((place) =>
                existsSync(join(root(), place)) ? readdirSync(join(root(), place)) : [],
            );
        const STARTS = ["example.service", "S01example", "K01example"];
        const STAYS = ["K01example", "K01example"];

        beforeEach(() => {
            process.env.DPKG_ROOT = root();
            process.env.PATH = `${join(folder, "bin")}:${PLAIN_ENV.PATH}`;
            file("etc/init.d/example", SCRIPT);
            file("usr/lib/systemd/system/example.service", UNIT);
            standIn("apt-get", POSTINST);
        });
        afterEach(() => delete process.env.DPKG_ROOT);

        it("leaves it disabled, also at Debian's next upgrade", async () => {
            await byUs();
            byDebian();
            assert.deepEqual(links(), STAYS);
        });
        it("leaves it enabled where it was", async () => {
            byDebian();
            assert.deepEqual(links(), STARTS);
            await byUs();
            byDebian();
            assert.deepEqual(links(), STARTS);
        });
        it("leaves it disabled where it was", async () => {
            byDebian();
            rmSync(join(root(), "etc/systemd/system/multi-user.target.wants"), { recursive: true });
            await byUs();
            byDebian();
            assert.deepEqual(links(), ["S01example", "K01example"]);
        });
        it("starts nothing, and leaves nothing of how", async () => {
            standIn("apt-get", "systemctl start example && invoke-rc.d example start && service example start");
            await byUs();
            assert.deepEqual(readdirSync("/run/kvmnet/without-services"), []);
        });
    });
});
