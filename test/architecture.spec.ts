import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

/** Who may import whom. Arrows point one way; what is shared lies below both. */
const MAY_IMPORT: Record<string, string[]> = {
    schemas: [],
    tuning: ["schemas"],
    resources: ["schemas"],
    components: ["schemas", "tuning", "resources"],
    provider: ["schemas", "components"],
    policies: ["schemas", "tuning"],
    lab: ["schemas"],
    engine: [],
    docs: ["provider", "components"],
    cli: ["schemas", "tuning", "resources", "components", "provider", "policies", "lab", "engine"],
};

/** A file and what it imports, as dependency-cruiser tells it. */
interface Module {
    source: string;
    dependencies: { module: string; resolved: string; circular: boolean }[];
}

describe("the layers", function () {
    this.timeout(300_000);
    let modules: Module[];

    before(() => {
        const args = [
            "--no-config",
            "--ts-pre-compilation-deps",
            "--exclude",
            "node_modules|^sdks",
            "--output-type",
            "json",
        ];
        const told = execFileSync("node_modules/.bin/depcruise", [...args, ...Object.keys(MAY_IMPORT)], {
            encoding: "utf8",
            maxBuffer: 64 * 2 ** 20,
        });
        ({ modules } = JSON.parse(told) as { modules: Module[] });
    });

    const layerOf = (path: string) => path.split("/")[0] ?? "";

    for (const [layer, allowed] of Object.entries(MAY_IMPORT)) {
        it(`${layer} imports ${allowed.join(", ") || "no other layer"}`, () => {
            const own = modules.filter(({ source }) => layerOf(source) === layer && source.endsWith(".ts"));
            assert(own.length > 0, `${layer} has files`);
            const foreign = own.flatMap(({ source, dependencies }) =>
                dependencies
                    .map(({ resolved }) => resolved)
                    .filter(
                        (path) =>
                            layerOf(path) in MAY_IMPORT && layerOf(path) !== layer && !allowed.includes(layerOf(path)),
                    )
                    .map((path) => `${source} imports ${path}`),
            );
            assert.deepEqual(foreign, []);
        });
    }

    it("has no circle", () => {
        const circles = modules.flatMap(({ source, dependencies }) =>
            dependencies.filter(({ circular }) => circular).map(({ resolved }) => `${source} <-> ${resolved}`),
        );
        assert.deepEqual(circles, []);
    });

    it("talks to a host in provider/host alone, beside the lab, the engine and the command line", () => {
        const talking = modules
            .filter(({ source }) => !["lab", "engine", "cli"].includes(layerOf(source)))
            .filter(({ source }) => !source.startsWith("provider/host/"))
            .filter(({ dependencies }) =>
                dependencies.some(({ module }) => /^(node:)?(child_process|net|dgram)$/.test(module)),
            )
            .map(({ source }) => source);
        assert.deepEqual(talking, []);
    });
});
