import assert from "node:assert/strict";
import { checkWord } from "../../provider/host/batch";
import type { Link } from "../../provider/host/links";
import type { Line } from "../../provider/plan";
import { tapSteps, type TapOfPort } from "../../provider/resources/ovs-set-taps";

const TAP: TapOfPort = { multiQueue: false, vnetHdr: false, mtu: 1500 };
const MARK = "kvmnet:0123456789abcdef:shop/dev/PortSet/guests";

/** Lines that take back what is done to a tap that is there. */
function undoneBy(alias: string | undefined, want: TapOfPort, remade: boolean): Line[] {
    const link = { up: true, ...(alias === undefined ? {} : { alias }) } as Link;
    const steps = tapSteps({ want: { name: "web1" }, tap: want, member: { tap: { link, state: TAP } }, remade }, MARK);
    return steps.flatMap(({ undo = [] }) => undo).flatMap((action) => ("lines" in action ? action.lines : []));
}

describe("what takes back a change of a tap of a port set", () => {
    const changes: [what: string, want: TapOfPort, remade: boolean][] = [
        ["changed", { ...TAP, mtu: 9000 }, false],
        ["made anew", { ...TAP, multiQueue: true }, true],
    ];
    for (const [what, want, remade] of changes) {
        it(`can be written where it carried no mark and is ${what}`, () => {
            const lines = undoneBy(undefined, want, remade);
            lines.flat().forEach(checkWord);
            assert.ok(
                lines.some((line) => line.join(" ") === "link set dev web1 mtu 1500 up"),
                JSON.stringify(lines),
            );
        });

        it(`can be written where somebody has called it in words of theirs and it is ${what}`, () =>
            undoneBy("the guest's NIC", want, remade).flat().forEach(checkWord));

        it(`gives it its former mark where it had one and is ${what}`, () => {
            const lines = undoneBy("kvmnet:former", want, remade);
            const former = "link set dev web1 alias kvmnet:former mtu 1500 up";
            assert.ok(
                lines.some((line) => line.join(" ") === former),
                JSON.stringify(lines),
            );
        });
    }
});
