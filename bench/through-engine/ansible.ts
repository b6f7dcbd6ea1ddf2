/** Ansible with its module for Open vSwitch, got from the Python package index and run in the lab. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cached } from "../../lab/cache";
import { timed } from "../measure";
import { BRIDGE, type BenchLab } from "../ports/bench-lab";
import type { Wanted } from "../ports/wanted";
import { ran } from "../processes";

/** The last release of the large package that holds openvswitch.openvswitch, and the engine that belongs to it. */
const COLLECTIONS = "ansible==10.7.0";
const CORE = "ansible-core==2.17.14";

/** Takes a wheel and a folder; the script is constant. */
const TAKE_COLLECTION = `
import sys, zipfile
wheel, folder = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name.startswith("ansible_collections/openvswitch/"):
            archive.extract(name, folder)
`;

/** @returns the folder that Ansible lies in @throws Error where its packages cannot be had */
async function installed(): Promise<string> {
    return cached("bench/ansible-10.7.0", async (draft) => {
        const pip = (...args: string[]) => ran("python3", ["-m", "pip", "--quiet", ...args]);
        await pip("install", "--target", join(draft, "lib"), CORE);
        const wheels = join(draft, "wheels");
        await pip("download", "--no-deps", "--dest", wheels, COLLECTIONS);
        const [wheel = ""] = readdirSync(wheels);
        await ran("python3", ["-c", TAKE_COLLECTION, join(wheels, wheel), draft]);
        rmSync(wheels, { recursive: true });
    });
}

/** A playbook that plugs ports into the bridge, one task in a loop, as people write it. */
export class Playbook {
    private constructor(
        private readonly lab: BenchLab,
        private readonly ansible: string,
        private readonly folder: string,
    ) {}

    static async make(lab: BenchLab, ports: readonly Wanted[]): Promise<Playbook> {
        const folder = mkdtempSync(join(tmpdir(), "kvmnet-bench-"));
        mkdirSync(join(folder, "home"));
        writeFileSync(join(folder, "playbook.json"), JSON.stringify(playbook(ports)));
        return new Playbook(lab, await installed(), folder);
    }

    /** @returns how long it took [ms] */
    run(): Promise<number> {
        const home = join(this.folder, "home");
        const settings = [
            `PYTHONPATH=${join(this.ansible, "lib")}`,
            `ANSIBLE_COLLECTIONS_PATH=${this.ansible}`,
            `ANSIBLE_HOME=${home}`,
            `ANSIBLE_REMOTE_TEMP=${home}`,
            "ANSIBLE_LOCALHOST_WARNING=false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING=false",
            "LC_ALL=C.UTF-8",
        ];
        const command = ["python3", "-m", "ansible", "playbook", join(this.folder, "playbook.json")];
        return timed(() => this.lab.run(["env", ...settings, ...command]));
    }

    remove(): void {
        rmSync(this.folder, { recursive: true, force: true });
    }
}

const playbook = (ports: readonly Wanted[]) => [
    {
        hosts: "localhost",
        connection: "local",
        gather_facts: false,
        tasks: [
            {
                "openvswitch.openvswitch.openvswitch_port": {
                    bridge: BRIDGE,
                    port: "{{ item.name }}",
                    tag: "{{ item.tag }}",
                },
                loop: ports,
            },
        ],
    },
];
