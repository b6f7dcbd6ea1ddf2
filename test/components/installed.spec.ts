import { strict as assert } from "node:assert";
import * as pulumi from "@pulumi/pulumi";
import { classicDomain } from "../../components/libvirt/classic";
import { libvirt } from "../../components/libvirt/installed";
import { nativeDomain } from "../../components/libvirt/native";
import { withLibvirt } from "../support/engine-mocks";

describe("the installed line of @pulumi/libvirt", () => {
    for (const [version, line, adapter] of [
        ["0.5.4", "0.8", classicDomain],
        ["0.8.3", "0.8", classicDomain],
        ["0.9.0", "0.9", nativeDomain],
        ["1.0.0", "0.9", nativeDomain],
    ] as const)
        it(`is written in the words of the ${line} line at version ${version}`, () =>
            withLibvirt(version, () => Promise.resolve(assert.equal(libvirt().line.domain, adapter))));

    it("is asked for with the one command that generates it, where there is none", () =>
        assert.throws(
            () => libvirt(["/nowhere/index.js"]),
            (error) => pulumi.RunError.isInstance(error) && /Run `npx kvmnet install`/.test(error.message),
        ));
});
