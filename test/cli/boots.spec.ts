import assert from "node:assert/strict";
import { vcpusIn } from "../../cli/verify/boots";

describe("where QEMU says that vCPUs stand", () => {
    it("is told of each, in the kernel or still in the firmware", () =>
        assert.deepEqual(
            vcpusIn(
                [
                    "",
                    "CPU#0",
                    "RAX=000000000001ad40 RBX=0000000000000000 RCX=7ffffffe2e214dff RDX=4000000000000000",
                    "RIP=ffffffff81a0b1fb RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1",
                    "ES =0000 0000000000000000 ffffffff 00000000",
                    "",
                    "CPU#1",
                    "EAX=00000000 EBX=00000000 ECX=00000000 EDX=00000663",
                    "EIP=0000fff0 EFL=00000002 [-------] CPL=0 II=0 A20=1 SMM=0 HLT=0",
                    "",
                ].join("\r\n"),
            ),
            ["vCPU 0 halted at 0xffffffff81a0b1fb", "vCPU 1 works at 0x0000fff0"],
        ));
    it("is not known where QEMU prints no registers", () => assert.deepEqual(vcpusIn("unknown command"), []));
});
