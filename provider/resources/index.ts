/** Every resource that this provider serves, by type token. */
import type { HostResource } from "../resource";
import { bridgePort } from "./bridge-port";
import { linuxBridge } from "./linux-bridge";
import { ovsBridge } from "./ovs-bridge";
import { ovsPort } from "./ovs-port";
import { tap } from "./tap";

/** A resource whose own types are its own business: the engine hands every one of them plain bags. */
export type AnyResource = HostResource;

const all: AnyResource[] = [ovsBridge, ovsPort, linuxBridge, bridgePort, tap] as unknown as AnyResource[];

export const RESOURCES: ReadonlyMap<string, AnyResource> = new Map(all.map((resource) => [resource.type, resource]));
