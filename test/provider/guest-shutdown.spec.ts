import assert from "node:assert/strict";
import { guestShutdown } from "../../provider/resources/guest-shutdown";

describe("a guest whose settings change", () => {
    const was = { name: "web1", "nics.0.rxRing": "512", vcpus: "2" };
    const told = (want: Record<string, string>, effect: "replaces" | "restarts" = "replaces") =>
        guestShutdown.foretold!({ settings: was, effect }, { settings: want, effect });

    it("is told of with each setting, what it was and what it becomes", () =>
        assert.deepEqual(told({ ...was, "nics.0.rxRing": "1024", memoryMiB: "256" }), [
            "replaces guest web1: nics.0.rxRing (512 to 1024), memoryMiB (none to 256). It is shut down first; its disks stay.",
        ]));
    it("is told of as restarted in the line that restarts it", () =>
        assert.deepEqual(told({ ...was, vcpus: "4" }, "restarts"), [
            "restarts guest web1: vcpus (2 to 4). It is shut down and started again.",
        ]));
    it("is told of as losing its UEFI variables where it has a firmware", () =>
        assert.match(
            told({ ...was, firmware: "/usr/share/OVMF/OVMF_CODE.fd" })[0] ?? "",
            /its UEFI variables go with its domain/,
        ));
    it("is told of by nothing where nothing changes, or where the settings are not known", () => {
        assert.deepEqual(told(was), []);
        assert.deepEqual(guestShutdown.foretold!({ settings: was }, {}), []);
    });
});
