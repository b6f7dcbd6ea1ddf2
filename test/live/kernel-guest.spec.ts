import { globSync } from "node:fs";
import { kernelSpecs } from "../support/kernel-guest-specs";

const wanted = process.env.KVMNET_KERNEL_SPECS?.split(" ");

describe("on Debian's full kernel, in a guest", function () {
    this.timeout(600_000);
    kernelSpecs(wanted ?? globSync("test/kernel/*.kernel.ts").sort());
});
