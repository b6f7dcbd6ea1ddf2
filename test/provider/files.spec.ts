import assert from "node:assert/strict";
import fc from "fast-check";
import { Files } from "../../provider/host/files";
import { placeOf, type Place } from "../../provider/host/place";

/** A kernel's files, with `grep` and `tee` as coreutils have them. */
class FakeKernel {
    readonly ran: string[][] = [];
    /** Paths that are refused, and the words of that. */
    readonly refuses = new Map<string, string>();

    constructor(readonly files = new Map<string, string>()) {}

    readonly place = {
        run: ([program = "", ...words]: string[], input = "") => {
            this.ran.push([program, ...words]);
            return Promise.resolve(program === "tee" ? this.tee(words, input) : this.grep(words.slice(4)));
        },
    } as unknown as Place;

    private grep(paths: string[]) {
        const lines = paths.flatMap(
            (path) =>
                this.files
                    .get(path)
                    ?.split("\n")
                    .map((line) => `${path}\0${line}\n`) ?? [],
        );
        return { code: 0, stdout: lines.join(""), stderr: "" };
    }

    private tee(paths: string[], input: string) {
        const refused = paths.filter((path) => this.refuses.has(path));
        for (const path of paths) if (!refused.includes(path)) this.files.set(path, input.trimEnd());
        const quoted = (path: string) => (path.includes(":") ? `'${path}'` : path);
        const lines = refused.map((path) => `tee: ${quoted(path)}: ${this.refuses.get(path)}\n`);
        return { code: refused.length > 0 ? 1 : 0, stdout: input, stderr: lines.join("") };
    }
}

const path = (name: string) => `/proc/sys/net/ipv4/conf/${name}/rp_filter`;

describe("files of the running kernel", () => {
    it("that are read at the same moment are read by one program, each once", async () => {
        const { place, ran, files } = new FakeKernel(new Map([[path("a"), "1"]]));
        files.set(path("b"), "2\t3\n4");
        const kernel = new Files(place);
        assert.deepEqual(
            await Promise.all([
                kernel.read([path("a")]),
                kernel.read([path("b"), path("a")]),
                kernel.read([path("c")]),
            ]),
            [["1"], ["2\t3\n4", "1"], [undefined]],
        );
        assert.deepEqual(
            ran.map(([program, , , , , ...paths]) => [program, paths]),
            [["grep", [path("a"), path("b"), path("c")]]],
        );
    });

    it("that get one value at the same moment get it by one program", async () => {
        const { place, ran } = new FakeKernel();
        const kernel = new Files(place);
        await Promise.all([kernel.write(path("a"), "1"), kernel.write(path("b"), "2"), kernel.write(path("c"), "1")]);
        assert.deepEqual(ran, [
            ["tee", path("a"), path("c")],
            ["tee", path("b")],
        ]);
    });

    it("that are refused are told one by one, with the kernel's words; the others are written", async () => {
        const fake = new FakeKernel();
        const nic = "/sys/devices/pci0000:00/0000:00:03.0/net/ens3/queues/rx-0/rps_cpus";
        fake.refuses.set(path("a"), "Invalid argument").set(nic, "Permission denied");
        const kernel = new Files(fake.place);
        const ends = await Promise.allSettled([path("a"), path("b"), nic].map((one) => kernel.write(one, "1")));
        assert.deepEqual(
            ends.map((end) => (end.status === "rejected" ? (end.reason as Error).message : "written")),
            [
                `${path("a")}: the kernel did not take "1": tee: ${path("a")}: Invalid argument. Correct the value, or load what this setting belongs to; then run the same command again.`,
                "written",
                `${nic}: the kernel did not take "1": tee: '${nic}': Permission denied. Run as root. If you are, the kernel only shows this setting: remove it from the program, or name the setting that decides it.`,
            ],
        );
        assert.deepEqual([...fake.files], [[path("b"), "1"]]);
    });

    it("are all told as refused where the program does not say which", async () => {
        const place = { run: () => Promise.resolve({ code: 1, stdout: "", stderr: "tee: out of memory" }) };
        const kernel = new Files(place as unknown as Place);
        const ends = await Promise.allSettled(["a", "b"].map((name) => kernel.write(path(name), "1")));
        for (const end of ends) assert.match(String((end as PromiseRejectedResult).reason), /out of memory/);
    });

    it("are written where they can be, though a program for others cannot be started", async () => {
        const fake = new FakeKernel();
        const run = (argv: string[], input?: string) =>
            input === "2\n" ? Promise.reject(new Error("no room")) : fake.place.run(argv, input);
        const kernel = new Files({ ...fake.place, run });
        const ends = await Promise.allSettled(["1", "2", "3"].map((value) => kernel.write(path(value), value)));
        assert.deepEqual(
            ends.map((end) => (end.status === "rejected" ? (end.reason as Error).message : "written")),
            ["written", "no room", "written"],
        );
    });

    it("hold what was written to them last, whatever is written at the same moment, and no other file is written", async () => {
        const write = fc.record({ name: fc.constantFrom("a", "b", "c"), value: fc.constantFrom("0", "1", "2") });
        await fc.assert(
            fc.asyncProperty(fc.array(write, { maxLength: 8 }), async (writes) => {
                const { place, files, ran } = new FakeKernel();
                const kernel = new Files(place);
                await Promise.all(writes.map(({ name, value }) => kernel.write(path(name), value)));
                assert.deepEqual(
                    new Map(files),
                    new Map(writes.map(({ name, value }) => [path(name), value])),
                    JSON.stringify(ran),
                );
            }),
            { numRuns: 50 },
        );
    });

    it("are read however many they are: more than one command line takes", async () => {
        const links = Array.from({ length: 20_000 }, (_, index) => `/sys/class/net/absent${index}`);
        const paths = links.flatMap((link) => ["speed", "duplex", "device/uevent"].map((file) => `${link}/${file}`));
        const place = await placeOf({ kind: "local" });
        const texts = await new Files(place).read([...paths, "/proc/sys/kernel/ostype"]);
        assert.deepEqual(
            texts.filter((text) => text !== undefined),
            ["Linux"],
        );
        assert.equal(texts.length, paths.length + 1);
    });

    it("are written however many they are", async () => {
        const { place, files, ran } = new FakeKernel();
        const kernel = new Files(place);
        const paths = Array.from({ length: 20_000 }, (_, index) => path(`tap${index}`));
        await Promise.all(paths.map((one) => kernel.write(one, "1")));
        assert.equal(files.size, paths.length);
        // `tee` has all of its files open at once, and a process may have 1,024.
        assert(ran.length < 100 && ran.every((argv) => argv.length < 1_000));
    });

    it("are those of the running kernel, and no others", async () => {
        const kernel = new Files(new FakeKernel().place);
        for (const wrong of ["/etc/passwd", "/proc/sys/../../etc/passwd", "/proc/sys/net/a b", "proc/sys/net/a"]) {
            await assert.rejects(kernel.write(wrong, "1"), /no file of the running kernel/);
            await assert.rejects(kernel.read([wrong]), /no file of the running kernel/);
        }
    });
});
