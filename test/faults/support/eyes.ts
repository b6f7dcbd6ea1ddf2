/** How eyes that are not the provider's judge a resource. */
import type { Bag } from "../../../provider/wire";
import type { FaultLab } from "./fault-lab";
import type { World } from "./world";

export interface Looked {
    world: World;
    lab: FaultLab;
    inputs: Bag;
    /** Its `name`; empty where it has none. */
    name: string;
    /** Mark that the state knows. */
    owner: string;
}

export interface Eyes {
    /** What is there, under the names of its inputs; a key that is not here is not judged. */
    seen(looked: Looked): Bag | Promise<Bag>;
    /** What is as it is unless declared otherwise. */
    usual?: Bag;
    /** Inputs as `seen` spells them. */
    spelled?(inputs: Bag): Bag;
}

/** `100Mbit` in bits a second. */
export const bits = (rate: unknown): number => {
    const [, number, unit] = /^(\d+)([KMG])bit$/.exec(String(rate)) ?? [];
    return Number(number) * 1000 ** (1 + "KMG".indexOf(unit ?? ""));
};
