/** Meters of a bridge, which no bundle takes: those that changes need are made before their flows, those that they free go after them. */
import { faultPoint } from "../fault";
import { HostError } from "./errors";
import { meterText, parseFlows, parseMeters, type Meter } from "./flow-text";
import type { Ofctl } from "./ofctl";

/** Lines for a bridge, those of meters among them: `meter put METER`, `meter delete ID`, `meter free ID`. */
interface Change {
    subject: string;
    lines: string[];
}

const PUT = "meter put ";
const DELETE = "meter delete ";
const FREE = "meter free ";

/** Whether a line is none for a bundle. */
export const isOfMeter = (line: string): boolean => line.startsWith("meter ");

/** Those of a bridge while changes of the same moment are carried out. */
export class Meters {
    /** By which change a meter was put. */
    private readonly putBy = new Map<number, Change>();

    private constructor(
        private readonly ofctl: Ofctl,
        private readonly bridge: string,
        private readonly former: Meter[],
    ) {}

    static async before(ofctl: Ofctl, bridge: string, changes: readonly Change[]): Promise<Meters> {
        const puts = changes.some(({ lines }) => lines.some((line) => line.startsWith(PUT)));
        return new Meters(ofctl, bridge, puts ? parseMeters(await ofctl.ask(bridge, ["dump-meters", bridge])) : []);
    }

    /** @throws HostError conflict where another change has put one of them, refused with the switch's words */
    async put(change: Change): Promise<void> {
        for (const line of change.lines.filter((line) => line.startsWith(PUT))) {
            const meter = line.slice(PUT.length);
            const id = parseMeters(meter)[0]?.id ?? NaN;
            if (this.putBy.has(id))
                throw new HostError(
                    "conflict",
                    change.subject,
                    `meter ${id} is wanted by another change of this moment, and is not one of these`,
                    "It is left alone. Choose another number.",
                );
            const there = this.former.some((meter) => meter.id === id);
            await this.ofctl.tell(change.subject, [there ? "mod-meter" : "add-meter", this.bridge, meter]);
            faultPoint();
            this.putBy.set(id, change);
        }
    }

    /** What a change has put, where the rest of it is refused. */
    async takeBack(change: Change): Promise<void> {
        const put = idsAfter(PUT, change).filter((id) => this.putBy.get(id) === change);
        for (const meter of this.former.filter(({ id }) => put.includes(id)))
            await this.ofctl.run(["mod-meter", this.bridge, meterText(meter)]);
        await this.delete(put.filter((id) => !this.former.some((meter) => meter.id === id)));
    }

    deleteOf(change: Change): Promise<void> {
        return this.delete(idsAfter(DELETE, change));
    }

    freeOf(changes: readonly Change[]): Promise<void> {
        return this.free(changes.flatMap((change) => idsAfter(FREE, change)));
    }

    /** Deletes those that no flow uses. */
    async free(ids: readonly number[]): Promise<void> {
        if (ids.length === 0) return;
        const flows = parseFlows(await this.ofctl.dump("dump-flows", this.bridge));
        const isUsed = (id: number) => flows.some(({ actions }) => actions.split(",").includes(`meter:${id}`));
        await this.delete(ids.filter((id) => !isUsed(id)));
    }

    /** One that is gone is no error to the switch. */
    private async delete(ids: readonly number[]): Promise<void> {
        for (const id of ids) await this.ofctl.ask(this.bridge, ["del-meters", this.bridge, `meter=${id}`]);
    }
}

/** Meters that a change's lines of one kind name. */
const idsAfter = (verb: string, { lines }: Change): number[] =>
    lines
        .filter((line) => line.startsWith(verb))
        .map((line) => line.slice(verb.length))
        .flatMap((text) => (verb === PUT ? parseMeters(text).map(({ id }) => id) : [Number(text)]));
