/** Takes ovs-vswitchd's place in a lab: gives every interface a port number and says that it is done, at once. */
import type { BenchLab } from "./bench-lab";
import { RawOvsdb } from "./raw-ovsdb";

/** @returns its end; the lab's own switch stays stopped */
export async function standIn(lab: BenchLab): Promise<() => Promise<void>> {
    await lab.run(["ovs-appctl", "-t", "ovs-vswitchd", "exit"]);
    const db = await RawOvsdb.connect(lab.socket);
    let last: Promise<unknown> = Promise.resolve();
    db.onAsked = (asked) => {
        last = last.then(() =>
            db.transact([
                { op: "update", table: "Interface", where: [["ofport", "==", ["set", []]]], row: { ofport: 1 } },
                { op: "update", table: "Open_vSwitch", where: [["cur_cfg", "<", asked]], row: { cur_cfg: asked } },
            ]),
        );
    };
    return async () => {
        await last;
        db.close();
    };
}
