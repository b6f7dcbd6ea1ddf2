import { HostError, InputRefused, quoted } from "./errors";
import { FOUND_NOBODY } from "./patient";

/** What `ovs-ofctl` says, without the messages that it only repeats. @param withinMs how long it was to wait, where a caller chose [ms] */
export function refused(subject: string, stderr: string, withinMs?: number): HostError {
    if (/signal 14|Alarm clock/.test(stderr) || FOUND_NOBODY.test(stderr))
        return new HostError(
            "unreachable",
            subject,
            `ovs-vswitchd does not answer${withinMs === undefined ? "" : ` (waited ${withinMs / 1000} s)`}`,
            "Start or restart ovs-vswitchd, then run the same command again; customTimeouts of the resource says how long it is waited for.",
        );
    if (/Connection reset by peer|Broken pipe|End of file/.test(stderr))
        return new HostError(
            "lost",
            subject,
            "ovs-vswitchd ended while it was asked",
            "Start ovs-vswitchd, then run the same command again; it goes on from what is there.",
        );
    if (/version negotiation failed/.test(stderr))
        return new HostError(
            "refused",
            subject,
            "its bridge speaks none of OpenFlow 1.3, 1.4 and 1.5",
            "Add OpenFlow14 to the bridge's protocols, or leave protocols out, which allows every version.",
        );
    return new InputRefused(
        ["flows", "groups", "meters"],
        "the switch did not take it, in words that may hold what is secret",
        "refused",
        subject,
        `the switch did not take it: ${quoted(stderr.replace(/^ovs-ofctl: /, ""))}`,
        "Nothing of it was changed; correct what it names, then run the same command again.",
    );
}
