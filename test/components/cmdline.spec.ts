import { strict as assert } from "node:assert";
import fc from "fast-check";
import { cmdlineMaps, isSorted } from "../../components/libvirt/cmdline";

describe("the kernel command line in the words of the 0.8 line", () => {
    it("starts a new map where a key comes twice", () =>
        assert.deepEqual(cmdlineMaps(["console=ttyS0", "kvmnet.nic=b", "kvmnet.nic=a", "kvmnet.name=web-1"]), [
            { console: "ttyS0", "kvmnet.nic": "b" },
            { "kvmnet.nic": "a", "kvmnet.name": "web-1" },
        ]));

    it("puts words without = last, under _", () =>
        assert.deepEqual(cmdlineMaps(["ro", "a=1", "quiet"]), [{ a: "1" }, { _: "ro quiet" }]));

    it("keeps what follows the first = as it is", () =>
        assert.deepEqual(cmdlineMaps(["root=UUID=x"]), [{ root: "UUID=x" }]));

    const word = fc.oneof(
        fc.constantFrom("ro", "quiet", "--"),
        fc.tuple(fc.constantFrom("a", "b", "c"), fc.nat(9)).map(([k, v]) => `${k}=${v}`),
    );
    const anyWords = fc.array(word, { maxLength: 8 });

    it("is what the line reads back, so that a refresh shows no difference", () =>
        fc.assert(fc.property(anyWords, (words) => assert.deepEqual(readBack(words.join(" ")), cmdlineMaps(words)))));

    it("is known to come in another order than it is written in, or not", () =>
        fc.assert(
            fc.property(anyWords, (words) =>
                assert.equal(isSorted(words), words.join(" ") === written(cmdlineMaps(words))),
            ),
        ));
});

/** setCmdlineArgs of version 0.8.3: every word of every map, sorted. */
function written(maps: Record<string, string>[]): string {
    const words = maps.flatMap((map) =>
        Object.entries(map).map(([key, value]) => (key === "_" ? value : `${key}=${value}`)),
    );
    return words.sort().join(" ");
}

/** splitKernelCmdLine of version 0.8.3. */
function readBack(text: string): Record<string, string>[] {
    const maps: Record<string, string>[] = [];
    let current: Record<string, string> = {};
    const bare: string[] = [];
    for (const word of text === "" ? [] : text.split(" ")) {
        if (!word.includes("=")) {
            bare.push(word);
            continue;
        }
        const [key, ...rest] = word.split("=") as [string, ...string[]];
        if (key in current) {
            maps.push(current);
            current = {};
        }
        current[key] = rest.join("=");
    }
    if (Object.keys(current).length) maps.push(current);
    return bare.length ? [...maps, { _: bare.join(" ") }] : maps;
}
