import assert from "node:assert/strict";
import { ovsSettings } from "../../provider/resources/ovs-settings";
import { settingsCautions, type SwitchThere } from "../../provider/resources/ovs-settings-cautions";
import type { OvsSettings } from "../../schemas/ovs-settings";

const THERE: SwitchThere = { where: "here", settings: {}, dpdk: false, userspace: ["br0", "br1"] };
const said = (want: OvsSettings, there: Partial<SwitchThere> = {}) => settingsCautions(want, { ...THERE, ...there });

describe("a change of settings of Open vSwitch warns", () => {
    const waits = (keys: string) => [
        `${keys}: ovs-vswitchd on here goes on as before until it is started again; restart it when the guests allow.`,
    ];

    it("of nothing that acts at once and as one expects", () => {
        assert.deepEqual(said({ vlanLimit: 2 }), []);
        assert.deepEqual(said({ hwOffload: true, tcPolicy: "skip_sw", nOffloadThreads: 2 }), []);
        assert.deepEqual(said({ dpdkInit: "try", dpdkExtra: "--iova-mode=va" }), []);
        assert.deepEqual(said({ hwOffload: false, dpdkInit: "false", userspaceTsoEnable: false }), []);
    });

    it("of what belongs to something that is in force, and of that where it is switched off", () => {
        const settings: OvsSettings = {
            hwOffload: true,
            nOffloadThreads: 2,
            dpdkInit: "try",
            userspaceTsoEnable: true,
        };
        assert.deepEqual(said({ tcPolicy: "skip_sw", nOffloadThreads: 2 }, { settings }), waits("tcPolicy"));
        assert.deepEqual(
            said({ dpdkLcoreMask: "0x2", vhostIommuSupport: true }, { settings, dpdk: true }),
            waits("dpdkLcoreMask, vhostIommuSupport"),
        );
        assert.deepEqual(
            said({ hwOffload: false, dpdkInit: "false", userspaceTsoEnable: false }, { settings }),
            waits("hwOffload, dpdkInit, userspaceTsoEnable"),
        );
        assert.deepEqual(said(settings, { settings }), []);
    });

    it("that DPDK starts at once, and ends the switch where it cannot", () => {
        const [sentence = "", ...more] = said({ dpdkInit: "true" });
        assert.match(
            sentence,
            /^dpdkInit: ovs-vswitchd on here starts DPDK at once\. Where it cannot, .* it aborts, and again/,
        );
        assert.match(
            sentence,
            /`ovs-vsctl --no-wait remove Open_vSwitch \. other_config dpdk-init`.* "try" it goes on/,
        );
        assert.deepEqual(more, []);
        assert.deepEqual(said({ dpdkInit: "true" }, { dpdk: true }), []);
        assert.deepEqual(said({ dpdkInit: "true" }, { dpdk: undefined }), []);
    });

    it("that segmentation in userspace stops the links that are there", () => {
        assert.match(said({ userspaceTsoEnable: true }).join(), /at once, .* in br0, br1 passes anything until/);
        assert.deepEqual(said({ userspaceTsoEnable: true }, { userspace: [] }), []);
        assert.deepEqual(said({ userspaceTsoEnable: true }, { settings: { userspaceTsoEnable: true } }), []);
    });

    it("of what is new alone", () => {
        const was: OvsSettings = { hwOffload: true, maxIdle: 9000 };
        assert.deepEqual(ovsSettings.newOf?.(was, { ...was, maxIdle: 8000, tcPolicy: "none" }), {
            maxIdle: 8000,
            tcPolicy: "none",
        });
        assert.equal(ovsSettings.newOf?.(was, was), undefined);
    });

    it("of what is declared no longer, as of what is switched off", () => {
        const settings: OvsSettings = { hwOffload: true, tcPolicy: "skip_sw", maxIdle: 9000 };
        const gone = ovsSettings.newOf?.(settings, { maxIdle: 9000 }) ?? {};
        assert.deepEqual(Object.keys(gone), ["hwOffload", "tcPolicy"]);
        assert.deepEqual(said(gone, { settings }), waits("hwOffload, tcPolicy"));
    });
});
