import * as pulumi from "@pulumi/pulumi";
import { host } from "../resources";
import type { GetNicOutputs as NicFacts } from "../schemas/facts";
import { hardwareOf, tuningOf, Uplink as UplinkSchema, type UplinkInput } from "../schemas/uplink";
import { Component, parseArgs, type Transform } from "./component";
import { ifName } from "./names";

export interface UplinkArgs extends Omit<UplinkInput, "name"> {
    /** Name of the bond on the host; absent means the logical name, shortened where it must be. One link keeps its own. */
    name?: string;
    /** What `host.getNic` told of the links, by name: they are then held against it in the preview already. */
    facts?: Record<string, Partial<NicFacts>>;
    transform?: {
        link?: Transform<host.LinkArgs>;
        bond?: Transform<host.BondArgs>;
    };
}

/**
 * The way out of a host: a physical link, or several as a bond, with rings, channels, MTU and offloads. What the hardware
 * does not take is refused before anything of a link is changed: when it is made, and in the preview where `facts` are given.
 */
export class Uplink extends Component {
    /** Name of the link to plug in: the bond, or the one link. */
    readonly linkName: pulumi.Output<string>;
    /** MTU of its links [byte]; undefined where theirs is left. */
    readonly mtu: pulumi.Output<number | undefined>;

    /** @throws pulumi.RunError with everything wrong in the arguments */
    constructor(name: string, { transform, ...args }: UplinkArgs, opts?: pulumi.ComponentResourceOptions) {
        const settings = parseArgs(UplinkSchema, { ...args, name: args.name ?? ifName(name) }, `Uplink ${name}`);
        const { facts, ...uplink } = settings;
        const nics = hardwareOf(uplink.links, facts);
        const judged = { ...uplink, ...(nics && { nics }) };
        super("Uplink", name, judged, opts);
        const { links, bond, mtu, name: bondName, takesOperatorPath } = uplink;
        const { mtu: _mtu, ...tuned } = tuningOf(uplink);
        // A bond gives its MTU to its links.
        const each = bond || mtu === undefined ? tuned : { mtu, ...tuned };
        const told = bond ? each : { ...each, takesOperatorPath };
        const tunings = Object.keys(each).length === 0 ? [] : links.map((link) => this.#tuned(link, told, transform));
        const [only = ""] = links;
        const made = bond
            ? this.#bonded({ name: bondName, members: links, mtu, ...bond, takesOperatorPath }, tunings, transform)
            : tunings[0];
        this.linkName = made?.name ?? pulumi.output(only);
        this.mtu = made?.mtu ?? pulumi.output(undefined);
        this.registerOutputs({ linkName: this.linkName, ...judged, mtu: this.mtu });
    }

    #tuned(link: string, tuned: Omit<host.LinkArgs, "name">, transform: UplinkArgs["transform"]): host.Link {
        return new host.Link(...this.child(`link-${link}`, { name: link, ...tuned }, transform?.link));
    }

    /** The links first: what tunes a link sets most of them down for a moment. */
    #bonded(inputs: host.BondArgs, after: host.Link[], transform: UplinkArgs["transform"]): host.Bond {
        const [name, args, opts] = this.child("bond", inputs, transform?.bond);
        return new host.Bond(name, args, { ...opts, dependsOn: after });
    }
}
