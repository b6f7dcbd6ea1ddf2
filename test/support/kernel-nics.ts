/** The NICs of a kernel guest that are of real hardware's kind. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { eventually } from "./eventually";
import { run } from "./kernel-guest";

const PCI = "/sys/bus/pci/drivers/e1000e";

export interface HardwareNic {
    name: string;
    /** On the bus. */
    address: string;
}

/** Both of them, with their driver loaded; their cables meet. */
export async function hardwareNics(): Promise<HardwareNic[]> {
    await run("modprobe", "e1000e");
    let nics: HardwareNic[] = [];
    await eventually(() => {
        nics = readdirSync(PCI)
            .filter((entry) => /^\d{4}:/.test(entry) && existsSync(`${PCI}/${entry}/net`))
            .sort()
            .flatMap((address) => readdirSync(`${PCI}/${address}/net`).map((name) => ({ name, address })));
        assert.equal(nics.length, 2);
    });
    return nics;
}
