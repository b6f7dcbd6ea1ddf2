/** What check and diff found, as the engine reads it. */
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import type { Checked } from "./check";
import type { Difference, PropertyChange } from "./diff";

/** What was refused; what was taken goes beside it. */
export function checkReply(checked: Checked): proto.CheckResponse {
    const response = new proto.CheckResponse();
    if (!checked.ok)
        response.setFailuresList(
            checked.failures.map(({ property, reason }) => {
                const failure = new proto.CheckFailure();
                failure.setProperty(property);
                failure.setReason(reason);
                return failure;
            }),
        );
    return response;
}

export function diffReply({ properties, changed, deleteFirst }: Difference): proto.DiffResponse {
    const response = new proto.DiffResponse();
    const { DiffChanges } = proto.DiffResponse;
    response.setChanges(properties.size > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE);
    response.setDiffsList(changed);
    response.setReplacesList([...properties].filter(([, { cost }]) => cost === "replace").map(([key]) => key));
    response.setDeletebeforereplace(deleteFirst);
    response.setHasdetaileddiff(true);
    for (const [key, change] of properties) {
        const detail = new proto.PropertyDiff();
        detail.setKind(kindOf(change));
        detail.setInputdiff(false);
        response.getDetaileddiffMap().set(key, detail);
    }
    return response;
}

function kindOf({ how, cost }: PropertyChange): proto.PropertyDiff.Kind {
    const { Kind } = proto.PropertyDiff;
    const replaces = cost === "replace";
    switch (how) {
        case "add":
            return replaces ? Kind.ADD_REPLACE : Kind.ADD;
        case "delete":
            return replaces ? Kind.DELETE_REPLACE : Kind.DELETE;
        case "update":
            return replaces ? Kind.UPDATE_REPLACE : Kind.UPDATE;
    }
}
