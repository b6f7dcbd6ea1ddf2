import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { connect, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silent } from "../../engine/progress";
import { pulumi } from "../../engine/pulumi";
import { canDownload, knownUnreachable } from "../../engine/reach";
import { LAUNCHER } from "../../engine/versions";

const PROXIES = ["HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"];
const VARIABLES = [...PROXIES, "PATH", "XDG_CACHE_HOME", "NODE_EXTRA_CA_CERTS"];

/** In place of get.pulumi.com: a key, and a certificate in its name. */
function keyPair(folder: string): { key: string; cert: string } {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    execFileSync(
        "openssl",
        [
            ...["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "2"],
            ...["-subj", "/CN=get.pulumi.com", "-addext", "subjectAltName=DNS:get.pulumi.com"],
            ...["-keyout", key, "-out", cert],
        ],
        { stdio: "ignore" },
    );
    return { key, cert };
}

const listening = async (server: Server): Promise<number> => {
    await once(server.listen(0, "127.0.0.1"), "listening");
    return (server.address() as AddressInfo).port;
};

describe("a machine that reaches the world through a proxy only", () => {
    const before = VARIABLES.map((name) => [name, process.env[name]] as const);
    let folder: string;
    let servers: Server[];
    /** What the proxy was asked for. */
    let asked: string[];

    beforeEach(async () => {
        folder = mkdtempSync(join(tmpdir(), "kvmnet-reach-"));
        asked = [];
        const { key, cert } = keyPair(folder);
        const answers = createSecureServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) =>
            response.writeHead(request.url === "/install.sh" ? 200 : 404).end(),
        );
        const behind = await listening(answers);
        const proxy = createServer().on("connect", (request, client) => {
            asked.push(request.url ?? "");
            const server = connect(behind, "127.0.0.1", () => {
                client.write("HTTP/1.1 200 Connection established\r\n\r\n");
                server.pipe(client).pipe(server);
            });
            for (const end of [client, server]) end.on("error", () => end.destroy());
        });
        servers = [answers, proxy];
        for (const name of PROXIES) delete process.env[name];
        process.env.XDG_CACHE_HOME = folder;
        process.env.HTTPS_PROXY = `http://127.0.0.1:${await listening(proxy)}`;
        process.env.NODE_EXTRA_CA_CERTS = cert;
    });
    afterEach(() => {
        for (const server of servers) server.close();
        for (const [name, value] of before)
            if (value === undefined) delete process.env[name];
            else process.env[name] = value;
        rmSync(folder, { recursive: true });
    });

    it("downloads", async () => {
        assert.equal(await canDownload(), true);
        assert.deepEqual(asked, ["get.pulumi.com:443"]);
        assert.equal(knownUnreachable(), false);
    });
    it("has Pulumi's launcher download so, too", async () => {
        const program = `\${process.env.PULUMI_HOME}/versions/${LAUNCHER}/bin/pulumi`;
        const launcher = `fetch("https://get.pulumi.com/install.sh").then(({ ok }) => {
            if (!ok) process.exit(1);
            require("node:fs").cpSync("/bin/true", \`${program}\`);
        });`;
        const npm = `#!/bin/sh\n/bin/mkdir -p "$3/node_modules/pulumi"\necho '${launcher}' >"$3/node_modules/pulumi/run.js"\n`;
        const onlyDownloading = { ...silent, note: assert.fail };
        mkdirSync(join(folder, "bin"));
        writeFileSync(join(folder, "bin", "npm"), npm, { mode: 0o755 });
        process.env.PATH = join(folder, "bin");
        assert.equal((await pulumi(onlyDownloading)).origin, "release");
        assert.equal(asked.length, 2);
    });
    it("is found to download nothing where the proxy does not answer", async () => {
        process.env.HTTPS_PROXY = "http://127.0.0.1:1";
        assert.equal(await canDownload(), false);
        assert.equal(knownUnreachable(), true);
    });
});
