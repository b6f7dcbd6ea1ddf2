import assert from "node:assert/strict";
import type { Host } from "../../provider/host";
import type { RowHere } from "../../provider/resources/attached-row";
import { sampledWhere } from "../../provider/resources/ovs-ipfix-sampling";
import { ovsIpfix } from "../../provider/resources/ovs-ipfix";
import type { OvsIpfix } from "../../schemas/ovs-monitoring";

const EXPORT = { bridge: "br", targets: ["192.0.2.1:4739"] };

/** A switch with the columns of its version, and what the keys of its row say. */
const at = (version: "3.1" | "3.2", keys: Partial<OvsIpfix> = {}) => {
    const host = { ovsdb: { has: () => Promise.resolve(version === "3.2") } } as unknown as Host;
    const written: OvsIpfix[] = [];
    const kind = sampledWhere({
        ...ovsIpfix,
        find: () => Promise.resolve({ state: { ...EXPORT, ...keys } } as RowHere<OvsIpfix>),
        create: (_host, want) => (written.push(want), []),
    });
    return {
        said: async (want: Partial<OvsIpfix>) => {
            await kind.create(host, { ...EXPORT, ...want }, "");
            return written[0]?.inputSampling;
        },
        meant: async (known?: Partial<OvsIpfix>) => {
            const own = { mark: "", ...(known ? { known: { ...EXPORT, ...known } } : {}) };
            return (await kind.find(host, "br", own))?.state.inputSampling;
        },
    };
};

describe("where IPFIX samples", () => {
    it("is written as each version of Open vSwitch takes it, and not at all where it samples", async () => {
        assert.equal(await at("3.1").said({ inputSampling: false }), true);
        assert.equal(await at("3.2").said({ inputSampling: false }), false);
        for (const version of ["3.1", "3.2"] as const) {
            assert.equal(await at(version).said({ inputSampling: true }), undefined);
            assert.equal(await at(version).said({}), undefined);
        }
    });

    it("is read as each version takes it", async () => {
        assert.equal(await at("3.1", { inputSampling: true }).meant(), false);
        assert.equal(await at("3.1", { inputSampling: false }).meant(), true);
        assert.equal(await at("3.2", { inputSampling: false }).meant(), false);
        assert.equal(await at("3.2", { inputSampling: true }).meant(), true);
    });

    it("is told without a key where state knows it, whatever it knows", async () => {
        assert.equal(await at("3.1").meant({ inputSampling: false }), true);
        assert.equal(await at("3.1").meant({ inputSampling: true }), true);
        assert.equal(await at("3.1").meant({}), undefined);
        assert.equal(await at("3.1").meant(), undefined);
    });
});
