import assert from "node:assert/strict";
import { cruise, type ICruiseResult } from "dependency-cruiser";

/** Who may import whom. Arrows point one way; what is shared lies below both. */
const MAY_IMPORT: Record<string, string[]> = {
    schemas: [],
    tuning: ["schemas"],
    resources: ["schemas"],
    components: ["schemas", "tuning", "resources"],
    provider: ["schemas"],
    policies: ["schemas", "tuning"],
    lab: ["schemas"],
    engine: [],
    cli: ["schemas", "tuning", "resources", "components", "provider", "policies", "lab", "engine"],
};

describe("the layers", function () {
    this.timeout(60_000);
    let modules: ICruiseResult["modules"];

    before(async () => {
        const { output } = await cruise(Object.keys(MAY_IMPORT), {
            doNotFollow: { path: ["node_modules"] },
            exclude: { path: ["node_modules", "^sdks"] },
            tsPreCompilationDeps: true,
        });
        modules = (output as ICruiseResult).modules;
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

    it("talks to a host in provider/host, lab and engine only, and nowhere below", () => {
        const talking = modules
            .filter(({ source }) =>
                ["schemas", "tuning", "resources", "components", "policies"].includes(layerOf(source)),
            )
            .filter(({ dependencies }) =>
                dependencies.some(
                    ({ module }) => /^(node:)?(child_process|net|dgram)$/.test(module) || module === "tinyexec",
                ),
            )
            .map(({ source }) => source);
        assert.deepEqual(talking, []);
    });
});
