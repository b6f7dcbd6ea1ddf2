/** How Open vSwitch reaches a controller or manager, or lets itself be reached (ovsdb(7), "Connection Methods"). */
import { z } from "zod";
import { count } from "./link-parts";

const HOST = String.raw`(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9_.-]{1,15})?\])`;
const PORT = String.raw`\d{1,5}`;
const ACTIVE = new RegExp(`^(?:ssl|tcp):${HOST}(?::(${PORT}))?$`);
const PASSIVE = new RegExp(`^(?:pssl|ptcp):(?:(${PORT})(?::${HOST})?)?$`);
const SOCKET = /^p?unix:\/[A-Za-z0-9_./-]{1,100}$/;

const HELP =
    "a target is ssl:HOST:PORT or tcp:HOST:PORT to connect, or pssl:PORT:ADDRESS or ptcp:PORT:ADDRESS to listen; " +
    "a port is 1 to 65535, and one that listens at an address is named; IPv6 addresses stand in brackets";

/** A connection method: `ssl:10.0.0.5:6653`, `pssl:6640:[::1]`, `unix:/var/run/openvswitch/br0.sock`. */
export const Target = z.string(HELP).refine((text) => isTarget(text), { error: HELP });

function isTarget(text: string): boolean {
    const match = ACTIVE.exec(text) ?? PASSIVE.exec(text);
    if (!match) return SOCKET.test(text);
    const port = Number(match[1] ?? 1);
    return port >= 1 && port <= 65535;
}

export const ConnectionMode = z.enum(
    ["in-band", "out-of-band"],
    "a connection mode is in-band (through this bridge) or out-of-band (through another network)",
);

export const InactivityProbe = count("inactivityProbe", 0, 3_600_000, "milliseconds");
export const MaxBackoff = count("maxBackoff", 1000, 3_600_000, "milliseconds");
export const Dscp = count("dscp", 0, 63, "(6 bits)");
