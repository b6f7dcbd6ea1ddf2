/** What flows and meters hold ports to, by `ovs-ofctl`: for each port that declares it, and for no other number. */
import assert from "node:assert/strict";
import type { Bag } from "../../../provider/wire";
import type { FaultLab } from "./fault-lab";
import { OVS_PORT, PORT_SET } from "./kind-names";
import type { Program } from "./stack";
import { look, rowNamed, values } from "./world";

/** A flow of ours at a port's number: table 0 leads to its meter and its guards, table 5 tells as whom it may send. */
const AT_PORT = /cookie=0x6b6e[0-9a-f]*,.* table=(\d+),.*in_port=(\d+)/;

/**
 * @param program all stacks' on the host
 * @param what    for messages: what had happened
 */
export async function assertHeld(lab: FaultLab, program: Program, what: string): Promise<void> {
    const world = await look(lab);
    const numberOf = (name: string) => Number(values(rowNamed(world, "Interface", name)?.ofport)[0] ?? -1);
    for (const bridge of world.rows("Bridge").map(({ name }) => String(name))) {
        const ports = portsOf(program, bridge);
        const having = (...properties: string[]) =>
            ports.filter(([, port]) => properties.some((property) => port[property] !== undefined));
        const flows = await lab.run("ovs-ofctl", "--no-names", "-O", "OpenFlow15", "dump-flows", bridge);
        const meters = await lab.run("ovs-ofctl", "-O", "OpenFlow15", "dump-meters", bridge);
        const at = (table: string) => [
            ...new Set(
                flows.split("\n").flatMap((line) => {
                    const [, of, port] = AT_PORT.exec(line) ?? [];
                    return of === table ? [Number(port)] : [];
                }),
            ),
        ];
        const numbers = (...properties: string[]) => having(...properties).map(([name]) => numberOf(name));
        const sorted = (list: number[]) => list.sort((a, b) => a - b);
        const led = numbers("ingress", "portSecurity");
        assert.deepEqual(sorted(at("0")), sorted(led), `${what}: ways to what guards ports of ${bridge}`);
        assert.deepEqual(sorted(at("5")), sorted(numbers("portSecurity")), `${what}: port security on ${bridge}`);
        const metered = [...meters.matchAll(/meter=(\d+)/g)].map(([, id]) => Number(id)).filter((id) => id > 65535);
        const wanted = numbers("ingress").map((number) => 65536 + number);
        assert.deepEqual(sorted(metered), sorted(wanted), `${what}: meters of ${bridge}`);
    }
}

/** Ports of a bridge by name, as they are declared alone or in sets. */
function portsOf(program: Program, bridge: string): [string, Bag][] {
    return Object.values(program)
        .filter(({ inputs }) => inputs.bridge === bridge)
        .flatMap(({ type, inputs }): [string, Bag][] => {
            if (type === PORT_SET) return Object.entries(inputs.ports as Record<string, Bag>);
            return type === OVS_PORT ? [[String(inputs.name), inputs]] : [];
        });
}
