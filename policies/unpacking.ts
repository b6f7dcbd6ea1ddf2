/**
 * The SDK unpacks a resource's properties anew for each policy that it asks, and all resources of a stack anew for each
 * policy about stacks (server.js). Here each message of the engine's is unpacked once, and all policies are handed the same.
 */
import * as sdk from "@pulumi/policy/deserialize";

type Unpack = ((message: object, keepsSecrets: boolean) => object) & { isOnce?: true };

/** Remediation, which changes what it is handed, goes on as before. An SDK that unpacks elsewhere is left alone. */
export function unpackOnce(unpacking: { deserializeProperties?: Unpack } = sdk): void {
    const { deserializeProperties: unpack } = unpacking;
    if (!unpack || unpack.isOnce) return;
    const kept = new WeakMap<object, object>();
    const once: Unpack = (message, keepsSecrets) => {
        if (keepsSecrets) return unpack(message, keepsSecrets);
        const before = kept.get(message);
        if (before) return before;
        const properties = unpack(message, keepsSecrets);
        kept.set(message, properties);
        return properties;
    };
    unpacking.deserializeProperties = Object.assign(once, { isOnce: true as const });
}
