/** What says that a change may cut off whoever works on the host from elsewhere. */
import { toggle } from "./link-parts";

/** @param what what it may do, for the sentence: `may plug in a link over which an SSH connection to the host runs` */
export const takesOperatorPath = (what: string) =>
    toggle("takesOperatorPath")
        .optional()
        .describe(
            `Whether it ${what}; the connection may end by that. Absent is false: it is refused, and nothing is changed. Changes live.`,
        );

/** Of what is plugged into something. */
export const takesOperatorPathAsPort = takesOperatorPath(
    "may plug in a link over which an SSH connection to the host runs, or later unplug it or take VLANs from it",
);

/** Of a link that is made. */
export const takesOperatorPathAsLink = takesOperatorPath(
    "may be removed or made anew while an SSH connection to the host runs over it, or get an MTU below 1280 while one of IPv6 does",
);

/** Of an address that the host gets. */
export const takesOperatorPathAsAddress = takesOperatorPath(
    "may be in the way of an SSH connection to the host: its network leads elsewhere what goes to the other end, it is that of the other end, or it goes while the connection is to it",
);
