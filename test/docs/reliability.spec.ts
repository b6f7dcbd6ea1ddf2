import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";

/** Faults that are still to come: they need a confirm timer, hosts over SSH, or a reboot. */
const NOT_YET = [13, 19, 20, 21, 22, 23, 24, 25, 26, 27, 39, 46, 50];

interface Line {
    nr: number;
    seen: string;
    proof: string;
}

const lines: Line[] = readFileSync("docs/reliability.md", "utf8")
    .split("\n")
    .flatMap((line) => {
        const [, nr = "", , seen = "", proof = ""] = line.split("|").map((cell) => cell.trim());
        return /^\d+$/.test(nr) ? [{ nr: Number(nr), seen, proof }] : [];
    });

/** `FILE` "title", "title"; `FILE` "title" */
const proofs = lines.flatMap(({ nr, proof }) =>
    [...proof.matchAll(/`(test\/[^`]+)`((?:,? "[^"]+")+)/g)].flatMap(([, file = "", titles = ""]) =>
        [...titles.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => ({ nr, file, title })),
    ),
);

describe("the page on faults", () => {
    it("has a line for each, in order", () =>
        assert.deepEqual(
            lines.map(({ nr }) => nr),
            Array.from({ length: 54 }, (_, index) => index + 1),
        ));

    it("says of each what one sees and what proves it, or that it is not there yet", () => {
        const open = lines.filter(({ proof }) => proof === "not yet");
        assert.deepEqual(
            open.map(({ nr }) => nr),
            NOT_YET,
        );
        const bare = lines.filter(
            ({ nr, seen }) => !NOT_YET.includes(nr) && (seen === "" || !proofs.some((proof) => proof.nr === nr)),
        );
        assert.deepEqual(bare, []);
    });

    it("names specifications that there are", () => {
        const dead = proofs.filter(
            ({ file, title }) => !existsSync(file) || !readFileSync(file, "utf8").includes(title),
        );
        assert.deepEqual(dead, []);
    });
});
