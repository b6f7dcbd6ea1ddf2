/** The same ports by `pulumi up` and by Ansible's module: made, and looked at again with nothing to do. */
import type { Contest } from "../measure";
import { BenchLab } from "../ports/bench-lab";
import { makeTaps } from "../ports/by-hand";
import { wanted } from "../ports/wanted";
import { Playbook } from "./ansible";
import { EngineProgram, type Declared } from "./program";

export function besideAnsible(count = 300, rounds = 1, name = "bench-ansible"): Contest {
    let lab: BenchLab;
    const ports = wanted(count);
    const byEngine = async (declared: Declared) => {
        const program = await EngineProgram.make(declared, lab.host);
        try {
            program.declare(ports);
            return await twice(lab, () => program.up("--parallel", "1000"));
        } finally {
            program.remove();
        }
    };
    const byAnsible = async () => {
        const playbook = await Playbook.make(lab, ports);
        try {
            return await twice(lab, () => playbook.run());
        } finally {
            playbook.remove();
        }
    };
    /** With the taps there, and everything gone after. */
    const twice = async (lab: BenchLab, run: () => Promise<number>) => {
        try {
            await makeTaps(lab, ports);
            const first = await run();
            const made = (await lab.ports()).length;
            if (made !== count) throw new Error(`The bridge has ${made} of ${count} ports.`);
            return { first, again: await run() };
        } finally {
            await lab.empty();
        }
    };
    const but = "Ansible's slowness is a process and a module's start for each port, which a batch by hand has not";
    return {
        rounds,
        cold: true,
        async around(work) {
            lab = await BenchLab.up(name);
            try {
                return await work();
            } finally {
                await lab.down();
            }
        },
        async round() {
            const [singles, set, ansible] = [await byEngine("Ports"), await byEngine("PortSet"), await byAnsible()];
            return {
                singles: singles.first,
                "singles again": singles.again,
                set: set.first,
                "set again": set.again,
                ansible: ansible.first,
                "ansible again": ansible.again,
            };
        },
        claims: [
            {
                name: `pulumi up of ${count} Ports, beside Ansible's module in a loop`,
                ours: "singles",
                theirs: "ansible",
                bound: 1 / 5,
                but,
            },
            {
                name: `pulumi up of a PortSet of ${count} with nothing to do, beside Ansible's module in a loop`,
                ours: "set again",
                theirs: "ansible again",
                bound: 1 / 20,
                but,
            },
            {
                name: `pulumi up of ${count} Ports with nothing to do, beside Ansible's module in a loop`,
                ours: "singles again",
                theirs: "ansible again",
                but,
            },
            {
                name: `pulumi up of a PortSet of ${count}, beside Ansible's module in a loop`,
                ours: "set",
                theirs: "ansible",
                but,
            },
        ],
    };
}
