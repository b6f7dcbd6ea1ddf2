/** The same ports through the provider: as resources of their own, and as one set. */
import { timed } from "../measure";
import { BRIDGE } from "./bench-lab";
import type { Wanted } from "./wanted";
import {
    creating,
    deleting,
    Job,
    reading,
    runJobs,
    type Resource,
    type Service,
    type Standing,
    updating,
} from "./service";

/** As `pulumi up --parallel 1000` has it. */
const EVERYTHING = 1000;
/** The engine's default on two cores: four operations a core. */
export const BY_DEFAULT = 8;

/** A program with many ports, whose steps can be taken and timed one by one. */
export class Program {
    private standing = new Map<string, Standing>();

    constructor(
        private readonly service: Service,
        private readonly inFlight = EVERYTHING,
    ) {}

    /** A tap and a port for each. @returns how long it took [ms] */
    async createSingles(ports: readonly Wanted[]): Promise<number> {
        const jobs: Job[] = [];
        for (const port of ports) {
            const tap = await this.creating(tapOf(port));
            jobs.push(tap, await this.creating(portOf(port), tap));
        }
        return this.run(jobs);
    }

    /** Ports alone, onto taps that are there. @returns how long it took [ms] */
    async createPorts(ports: readonly Wanted[]): Promise<number> {
        return this.run(await Promise.all(ports.map((port) => this.creating(portOf(port)))));
    }

    /** Taps alone. @returns how long it took [ms] */
    async createTaps(ports: readonly Wanted[]): Promise<number> {
        return this.run(await Promise.all(ports.map((port) => this.creating(tapOf(port)))));
    }

    /** @returns how long it took [ms] */
    async createSet(ports: readonly Wanted[]): Promise<number> {
        return this.run([await this.creating(setOf(ports))]);
    }

    /** Changes the VLAN of ports that are resources of their own. @returns how long it took [ms] */
    async retag(ports: readonly Wanted[]): Promise<number> {
        return this.update(ports.map(portOf));
    }

    /** Changes the set to these ports. @returns how long it took [ms] */
    async updateSet(ports: readonly Wanted[]): Promise<number> {
        return this.update([setOf(ports)]);
    }

    /** Reads every resource, as a refresh does. @returns how long it took [ms] */
    async refresh(): Promise<number> {
        return this.run([...this.standing.values()].map((standing) => reading(standing)));
    }

    /** Removes everything that stands, ports before their taps. @returns how long it took [ms] */
    async destroy(): Promise<number> {
        const jobs: Job[] = [];
        const ports = new Map<string, Job>();
        for (const standing of this.standing.values())
            if (standing.type !== TAP) ports.set(standing.name, deleting(standing));
        jobs.push(...ports.values());
        for (const standing of this.standing.values())
            if (standing.type === TAP) jobs.push(deleting(standing, ports.get(standing.name)));
        const took = await this.run(jobs);
        this.forget();
        return took;
    }

    /** What stood was removed by others. */
    forget(): void {
        this.standing.clear();
    }

    private creating(resource: Resource, after?: Job): Promise<Job> {
        return creating(this.service, resource, (made) => this.standing.set(keyOf(made), made), after);
    }

    private async update(resources: Resource[]): Promise<number> {
        const jobs = resources.map((resource) => {
            const was = this.standing.get(keyOf(resource));
            if (!was) throw new Error(`${resource.name} does not stand, so it cannot be changed.`);
            return updating(this.service, was, resource.inputs, (made) => this.standing.set(keyOf(made), made));
        });
        return this.run(await Promise.all(jobs));
    }

    private async run(jobs: Job[]): Promise<number> {
        const took = await timed(() => runJobs(this.service, jobs, this.inFlight));
        jobs.forEach((job) => job.ended());
        return took;
    }
}

const TAP = "kvmnet:host:Tap";

const keyOf = ({ type, name }: { type: string; name: string }) => `${type} ${name}`;

const tapOf = ({ name }: Wanted): Resource => ({ type: TAP, name, inputs: { name } });

const portOf = ({ name, tag }: Wanted): Resource => ({
    type: "kvmnet:ovs:Port",
    name,
    inputs: { name, bridge: BRIDGE, tag },
});

const setOf = (ports: readonly Wanted[]): Resource => ({
    type: "kvmnet:ovs:PortSet",
    name: "all",
    inputs: { bridge: BRIDGE, ports: Object.fromEntries(ports.map(({ name, tag }) => [name, { tag, tap: {} }])) },
});
