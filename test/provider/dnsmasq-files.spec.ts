import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { parsed, rendered } from "../../provider/resources/dnsmasq-files";
import { unitText } from "../../provider/resources/dnsmasq-service";
import { DhcpServer } from "../../schemas/dhcp";

const MARK = "kvmnet:0123456789abcdef:shop/dev/host:DhcpServer/d";
const RANGES = [{ start: "10.0.0.50", end: "10.0.0.99" }];
const server = (more: object = {}) => DhcpServer.parse({ interface: "br0", ranges: RANGES, ...more });

const octet = fc.integer({ min: 1, max: 254 });
const ipv4 = fc.tuple(octet, octet, octet).map(([a, b, c]) => `10.${a}.${b}.${c}`);
const ipv6 = fc.integer({ min: 1, max: 65535 }).map((word) => `fd00::${word.toString(16)}`);
const mac = fc
    .tuple(octet, octet, octet)
    .map((bytes) => `52:54:00:${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":")}`);
const name = fc.oneof(fc.stringMatching(/^[a-z][a-z0-9-]{0,8}[a-z0-9]$/), fc.constant("constructor"));
const whole = fc.record(
    {
        interface: fc.constant("br0"),
        ranges: fc.array(
            fc.oneof(
                fc.record({ start: ipv4, leaseTime: fc.constantFrom("1h", "2m", "3d", "infinite") }),
                ipv4.map((start) => ({ start, end: "10.255.255.255" })),
                ipv6.map((start) => ({ start, end: "fd00::ffff" })),
                fc.record({ start: ipv6, prefixLength: fc.integer({ min: 64, max: 128 }) }),
            ),
            { minLength: 1, maxLength: 3 },
        ),
        reservations: fc.dictionary(
            name,
            fc.record({ mac, address: ipv4, ipv6Address: ipv6 }, { requiredKeys: ["mac"] }),
        ),
        options: fc.dictionary(
            fc.constantFrom("router", "dns-server", "42", "mtu", "T1"),
            fc.constantFrom("", "10.0.0.1", "10.0.0.1,10.0.0.2", "1400"),
        ),
        ipv6Options: fc.dictionary(
            fc.constantFrom("dns-server", "23"),
            fc.constantFrom("", "fd00::1", "fd00::1,fd00::2"),
        ),
        authoritative: fc.boolean(),
        maxLeases: fc.integer({ min: 1, max: 99999 }),
        domain: fc.constantFrom("lan", "guests.example.org"),
        names: fc.dictionary(name, fc.array(fc.oneof(ipv4, ipv6), { minLength: 1, maxLength: 3 })),
        upstreams: fc.uniqueArray(fc.oneof(ipv4, ipv6), { maxLength: 3 }),
    },
    { requiredKeys: ["interface", "ranges"] },
);

describe("the files of dnsmasq", () => {
    it("say again what was declared, whatever it is", () => {
        fc.assert(
            fc.property(whole, (input) => {
                const result = DhcpServer.safeParse(input);
                fc.pre(result.success);
                const files = rendered(result.data, MARK);
                const again = parsed("br0", files);
                assert.deepEqual(again.server, JSON.parse(JSON.stringify(result.data)));
                assert.deepEqual([again.mark, again.intact], [MARK, true]);
            }),
        );
    });

    it("hold nothing but words that were checked: no value makes a line of its own", () => {
        fc.assert(
            fc.property(
                fc.string({ unit: "binary" }),
                fc.constantFrom("\n", "\r", "\0", "\u2028", " #"),
                (text, cut) => {
                    const evil = `${text}${cut}conf-file=/etc/shadow`;
                    for (const more of [
                        { domain: evil },
                        { interface: evil },
                        { upstreams: [evil] },
                        { options: { router: evil } },
                        { options: { [evil]: "1" } },
                        { names: { [evil]: ["10.0.0.1"] } },
                        { names: { db: [evil] } },
                        { reservations: { [evil]: { mac: "52:54:00:00:00:01" } } },
                        { reservations: { web: { mac: evil } } },
                        { ranges: [{ start: evil }] },
                        { ranges: [{ start: "10.0.0.1", leaseTime: evil }] },
                    ])
                        assert.equal(
                            DhcpServer.safeParse({ interface: "br0", ranges: RANGES, ...more }).success,
                            false,
                        );
                },
            ),
        );
    });

    it("say how long the prefix of a range is, where that is declared", () => {
        const ranges = [
            { start: "fd00::50", end: "fd00::99", prefixLength: 112 },
            { start: "fd00::", prefixLength: 96 },
        ];
        assert.match(
            rendered(server({ ranges }), MARK).conf,
            /^dhcp-range=fd00::50,fd00::99,112,1h\ndhcp-range=fd00::,static,96,1h$/m,
        );
    });

    it("announce none where an option is empty", () => {
        const more = { options: { router: "", "3": "" }, ipv6Options: { "dns-server": "" } };
        const { conf } = rendered(server({ ranges: [...RANGES, { start: "fd00::" }], ...more }), MARK);
        for (const line of ["option:router", "3", "option6:dns-server"])
            assert.match(conf, new RegExp(`^dhcp-option=${line}$`, "m"));
    });

    it("of another release, with a name that dnsmasq takes for a lease time, are read", () => {
        const files = { ...rendered(server(), MARK), hosts: "52:54:00:00:00:01,101\n" };
        assert.deepEqual(parsed("br0", files).server.reservations, { "101": { mac: "52:54:00:00:00:01" } });
        assert.equal(parsed("br0", files).intact, true);
    });

    it("tell when somebody changed them", () => {
        const files = rendered(server(), MARK);
        assert.equal(parsed("br0", { ...files, conf: `${files.conf}log-dhcp\n` }).intact, false);
        assert.equal(parsed("br0", { ...files, hosts: "# by hand\n" }).intact, false);
        assert.deepEqual(Object.entries(parsed("br0", { ...files, names: "10.0.0.1 __proto__\n" }).server.names), [
            ["__proto__", ["10.0.0.1"]],
        ]);
    });

    it("without a mark are nobody's, and whole", () => {
        const { conf, ...others } = rendered(server(), MARK);
        const { mark, intact } = parsed("br0", { conf: conf.replace(/^.*\n/, ""), ...others });
        assert.deepEqual([mark, intact], [undefined, true]);
    });

    it("are what dnsmasq takes", () => {
        const folder = mkdtempSync(join(tmpdir(), "kvmnet-"));
        const { conf } = rendered(
            server({
                ranges: [
                    ...RANGES,
                    { start: "10.0.0.0" },
                    { start: "fd00::50", end: "fd00::99", leaseTime: "infinite" },
                    { start: "fd00::" },
                    { start: "fd01::50", end: "fd01::99", prefixLength: 112 },
                    { start: "fd02::", prefixLength: 96 },
                ],
                options: {
                    router: "10.0.0.1",
                    "dns-server": "",
                    "26": "",
                    "42": "10.0.0.2,10.0.0.3",
                    "domain-search": "lan,example.org",
                },
                ipv6Options: { "dns-server": "fd00::1,fd00::2", "sntp-server": "", "31": "fd00::1", "24": "" },
                routerAdvertisements: true,
                authoritative: true,
                domain: "lan",
                upstreams: ["10.0.0.53", "fd00::53"],
            }),
            MARK,
        );
        try {
            writeFileSync(join(folder, "conf"), conf);
            execFileSync("/usr/sbin/dnsmasq", ["--test", `--conf-file=${join(folder, "conf")}`], { stdio: "pipe" });
        } finally {
            rmSync(folder, { recursive: true });
        }
    });
});

const SYSTEMD_ANALYZE = "/usr/bin/systemd-analyze";

describe("the unit of a DHCP server", () => {
    it("is what systemd takes", function () {
        if (!existsSync(SYSTEMD_ANALYZE)) {
            console.log(`      skipped: ${SYSTEMD_ANALYZE}, which judges units, is not on this machine`);
            this.skip();
        }
        const folder = mkdtempSync(join(tmpdir(), "kvmnet-"));
        const path = join(folder, "kvmnet-dhcp-br0.service");
        try {
            writeFileSync(path, unitText("br0"));
            execFileSync(SYSTEMD_ANALYZE, ["verify", "--man=no", path], { stdio: "pipe" });
        } finally {
            rmSync(folder, { recursive: true });
        }
    });

    it("starts dnsmasq with its own configuration, again after a crash, and with the host", () => {
        const text = unitText("br0");
        assert.match(
            text,
            /^ExecStart=dnsmasq --conf-file=\/var\/lib\/kvmnet-dhcp\/br0\/conf --pid-file=\/run\/kvmnet\/dhcp\/br0.pid$/m,
        );
        assert.match(text, /^Restart=on-failure$/m);
        assert.match(text, /^WantedBy=multi-user.target$/m);
    });
});
