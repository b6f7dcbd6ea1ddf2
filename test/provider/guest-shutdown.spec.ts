import assert from "node:assert/strict";
import type { Host } from "../../provider/host";
import { Provider } from "../../provider/provider";
import { guestShutdown } from "../../provider/resources/guest-shutdown";
import { Secret, UNKNOWN, type Bag } from "../../provider/wire";

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

describe("a guest whose disks are made anew", () => {
    const was = {
        name: "web1",
        disks: "2",
        "disks.root.volume": "/pool/web1-root.qcow2",
        "disks.data.volume": "/pool/web1-data.qcow2",
        cloudInit: "true",
        "cloudInit.volume": "/pool/web1-cloud-init.iso",
    };
    const told = (want: Bag, effect: "replaces" | "restarts" = "replaces", former: Record<string, string> = was) =>
        guestShutdown.foretold!({ settings: former, effect }, { settings: want as Record<string, string>, effect });

    it("is told of as losing what they hold", () => {
        assert.deepEqual(told({ ...was, "disks.root.volume": UNKNOWN }), [
            "replaces guest web1: disks.root.volume (/pool/web1-root.qcow2 to one made anew). It is shut down first; what its disk root holds is lost.",
        ]);
        assert.match(
            told({ ...was, "disks.root.volume": UNKNOWN, "disks.data.volume": UNKNOWN })[0] ?? "",
            /what its disks root, data hold is lost\.$/,
        );
        assert.match(
            told({ ...was, "disks.root.volume": UNKNOWN, firmware: "/code.fd" }, "restarts")[0] ?? "",
            /started again; what its disk root holds is lost, its UEFI variables may go with its domain\.$/,
        );
    });
    it("is told of as losing what one holds that is declared no longer", () => {
        const { "disks.data.volume": _, ...rest } = was;
        assert.match(told({ ...rest, disks: "1" })[0] ?? "", /what its disk data holds is lost/);
    });
    it("keeps its disks where only that for cloud-init is, or where one is added", () => {
        assert.deepEqual(told({ ...was, "cloudInit.volume": UNKNOWN }), [
            "replaces guest web1: cloudInit.volume (/pool/web1-cloud-init.iso to one made anew). It is shut down first; its disks stay.",
        ]);
        assert.match(told({ ...was, disks: "3", "disks.more.volume": UNKNOWN })[0] ?? "", /its disks stay\.$/);
    });
    it("is told of by nothing where a former release did not note its disks", () => {
        const former = { name: "web1", disks: "2", cloudInit: "true" };
        assert.deepEqual(told(was, "replaces", former), []);
        assert.match(told({ ...was, vcpus: "2" }, "replaces", former)[0] ?? "", /web1: vcpus \(none to 2\)\. /);
    });
    it("is told of by nothing where another setting is not known yet", () =>
        assert.deepEqual(told({ ...was, cmdline: UNKNOWN }), []));
});

describe("a guest whose name virsh would take for the number of another", () => {
    const UUID = "6f1c0000-0000-4000-8000-00000000000";
    const listed = { running: `${UUID}1 web\n${UUID}2 web 7\n${UUID}3 1\n`, all: `${UUID}4 off\n` };
    /** A host with these guests, which tells what its virsh was told. */
    const host = {
        read: (line: string[], parse: (text: string) => unknown) =>
            Promise.resolve(parse(`${listed.running}${line.includes("--all") ? listed.all : ""}\n`)),
    } as unknown as Host;
    const pressed = async (domain: string) => {
        const state = { domain, timeout: 60, effect: "replaces" } as const;
        const plan = await guestShutdown.delete(host, { state }, "");
        return plan.flatMap(({ action }) => (action.via === "program" ? [action.argv.at(-1)] : []));
    };

    it("is shut down by its UUID, and so is every other", async () => {
        assert.deepEqual(await pressed("1"), [`${UUID}3`]);
        assert.deepEqual(await pressed("web"), [`${UUID}1`]);
        assert.deepEqual(await pressed(`${UUID}2`.toUpperCase()), [`${UUID}2`]);
    });
    it("is none where no running guest has that name", async () => {
        for (const domain of ["2", "7", "off"]) assert.deepEqual(await pressed(domain), []);
    });
    it("is imported by its name, running or not, and by no number", async () => {
        const found = async (id: string) => (await guestShutdown.find(host, id, { mark: "" }))?.state.domain;
        for (const id of ["1", "off", `${UUID}4`]) assert.equal(await found(id), id);
        assert.equal(await found("2"), undefined);
    });
});

describe("what a preview tells of a guest that is replaced", () => {
    const step = {
        type: guestShutdown.type,
        urn: "urn:pulumi:dev::shop::kvmnet:host:GuestShutdown::web1",
        preview: true,
    };
    const was = (cmdline: Bag[string]): Bag => ({
        domain: "d1",
        timeout: 60,
        effect: "replaces",
        settings: { name: "web1", cmdline },
    });
    const told: string[] = [];
    const provider = () =>
        new Provider({
            warn: (_urn, message) => Promise.resolve(void told.push(message)),
            status: () => undefined,
            debug: () => undefined,
            end: () => Promise.resolve(),
        });
    beforeEach(() => (told.length = 0));

    it("is told also where the engine asks with the former inputs alone and then creates it anew", async () => {
        const one = provider();
        one.diff(step, was("quiet"), was("quiet"));
        assert.deepEqual(told, []);
        await one.create(step, was("debug"));
        assert.equal(told.length, 1);
        assert.match(told[0] ?? "", /replaces guest web1: cmdline \(quiet to debug\)/);
    });
    it("is told where the engine does not know yet the volume that it makes anew", async () => {
        const noted = (volume: Bag[string]): Bag => ({
            ...was("quiet"),
            settings: { name: "web1", disks: "1", "disks.root.volume": volume },
        });
        const one = provider();
        one.diff(step, noted("/pool/root"), noted("/pool/root"));
        await one.create(step, noted(UNKNOWN));
        assert.match(told.join(), /what its disk root holds is lost/);
    });
    it("shows no secret among its settings", () => {
        provider().diff(step, was(new Secret("password=hunter22")), was(new Secret("password=hunter33")));
        assert.equal(told.length, 1);
        assert.doesNotMatch(told[0] ?? "", /hunter/);
    });
});
