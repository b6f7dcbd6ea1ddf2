/** Settings that the kernel sets beside one that is written: the links' own, under one of the whole host. */
import { keyText, sysctlPath } from "../../schemas/sysctl";
import type { Host } from "../host";
import type { Former } from "./former-values";

/** One setting that goes with another. */
export interface Beside {
    path: string;
    /** How it is noted: a link made anew under its name is another. */
    name: string;
    there: string;
    /** What the kernel makes of it when the other is given a value. */
    made: (value: string) => string;
    /** What it stays at when the other is set, though the kernel sets it otherwise. */
    stays?: string;
    /** Whether another resource has declared it: it is as that one has made it. */
    isDeclared: boolean;
}

/** Those of `net.ipv6.conf.all` that the kernel copies to each link (net/ipv6/addrconf.c). */
const IPV6_COPIED = ["forwarding", "force_forwarding", "disable_ipv6", "addr_gen_mode", "ignore_routes_with_linkdown"];

const REDIRECTS = "net.ipv4.conf.all.accept_redirects";

/** @param isDeclared whether a resource has noted what that key was */
export async function besideOf(
    host: Host,
    key: string,
    isDeclared: (key: string) => Promise<boolean>,
): Promise<Beside[]> {
    const isForward = ["net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding"].includes(key);
    const ipv6 = IPV6_COPIED.find((leaf) => key === `net.ipv6.conf.all.${leaf}`);
    if (!isForward && ipv6 === undefined) return [];
    const keyOf = (link: string) => keyText(`net/${isForward ? "ipv4" : "ipv6"}/conf/${link}/${ipv6 ?? "forwarding"}`);
    const links = [{ name: "default", index: 0 }, ...(await host.links()).values()];
    const settings = [
        ...links.flatMap(({ name, index }) => {
            const own = keyOf(name);
            return own === undefined ? [] : [{ key: own, name: `${own} link ${index}`, made: asItIs }];
        }),
        // A router takes no redirects, and a host does (inet_forward_change in net/ipv4/devinet.c). One that took none
        // goes on taking none.
        ...(isForward ? [{ key: REDIRECTS, name: REDIRECTS, made: forHosts, stays: "0" }] : []),
    ];
    const values = await host.files.read(settings.map((one) => sysctlPath(one.key)));
    const there = settings.flatMap((one, at) => (values[at] === undefined ? [] : [{ ...one, there: values[at] }]));
    return Promise.all(
        there.map(async ({ key: own, ...rest }) => ({
            ...rest,
            path: sysctlPath(own),
            isDeclared: await isDeclared(own),
        })),
    );
}

const asItIs = (value: string) => value;
const forHosts = (value: string) => (Number(value) === 0 ? "1" : "0");

/** What is to be noted before the first write: what giving back the former value would not bring back by itself. */
export const formerBeside = (all: readonly Beside[], value: string): Former =>
    Object.fromEntries(
        all
            .filter(({ there, made, stays }) => there !== made(value) || there === stays)
            .map(({ name, there }) => [name, there]),
    );

/** What each is to be once the other is set. @param former what is noted */
export const setBeside =
    (to: string, former: Former) =>
    ({ there, made, stays, name, isDeclared }: Beside): string => {
        if (isDeclared) return there;
        return stays !== undefined && former[name] === stays ? stays : made(to);
    };

/** What each is to be once the other has its former value: what somebody has set since is theirs. */
export const givenBackBeside =
    (value: string, back: string, former: Former) =>
    ({ there, made, name, isDeclared }: Beside): string => {
        if (isDeclared || there !== made(value)) return there;
        const noted = former[name];
        return typeof noted === "string" ? noted : made(back);
    };
