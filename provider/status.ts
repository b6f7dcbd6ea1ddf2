/** Errors as the engine wants them: a gRPC status, with the object in its details where one was left unfinished. */
import { Metadata, status, type ServiceError } from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import type { HostErrorKind } from "./host/errors";
import { structOf } from "./struct";
import type { Bag } from "./wire";

/** The engine keeps a step as pending after INTERNAL and UNKNOWN, so these stand only where the outcome is unknown. */
const CODES: Record<HostErrorKind, status> = {
    invalid: status.INVALID_ARGUMENT,
    missing: status.NOT_FOUND,
    conflict: status.ALREADY_EXISTS,
    refused: status.FAILED_PRECONDITION,
    unreachable: status.FAILED_PRECONDITION,
    lost: status.UNKNOWN,
    cancelled: status.CANCELLED,
    bug: status.INTERNAL,
};

export function statusOf(error: unknown): Partial<ServiceError> {
    const kind = (error as { kind?: unknown } | undefined)?.kind;
    if (error instanceof Error && typeof kind === "string" && kind in CODES)
        return { code: CODES[kind as HostErrorKind], details: error.message };
    const message = error instanceof Error ? error.message : String(error);
    return { code: status.INTERNAL, details: `kvmnet met what it should not have: ${message}. Please report this.` };
}

export const notServed = (what: string): Partial<ServiceError> => ({
    code: status.UNIMPLEMENTED,
    details: `kvmnet does not serve ${what}.`,
});

/** State keeps the object and remembers that it needs repair (`plugin.InitError` on the engine's side). */
export function unfinishedStatus(
    reasons: string[],
    { id, inputs, state }: { id: string; inputs: Bag; state: Bag },
): Partial<ServiceError> {
    const failed = new ErrorResourceInitFailed();
    failed.setId(id);
    failed.setInputs(structOf(inputs));
    failed.setProperties(structOf(state));
    failed.setReasonsList(reasons);
    const detail = new Any();
    detail.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const whole = new Status();
    whole.setCode(status.UNKNOWN);
    whole.setMessage(reasons.join("\n"));
    whole.addDetails(detail);
    const metadata = new Metadata();
    metadata.set("grpc-status-details-bin", Buffer.from(whole.serializeBinary()));
    return { code: status.UNKNOWN, details: reasons.join("\n"), metadata };
}
