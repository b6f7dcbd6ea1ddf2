/** Links with nothing of their own: a dummy, and an intermediate functional block. */
import { z } from "zod";
import { linkFields } from "./link-parts";
import { takesOperatorPathAsLink } from "./operator-path";

/** A link that takes packets and drops them: a place for addresses. */
export const Dummy = z.strictObject({ ...linkFields("dummy"), takesOperatorPath: takesOperatorPathAsLink });
export type Dummy = z.output<typeof Dummy>;

const { mac: _, ...fields } = linkFields("block");

/** A link through which traffic is led to be shaped; the kernel does not let its MAC address be set. */
export const Ifb = z.strictObject({ ...fields, takesOperatorPath: takesOperatorPathAsLink });
export type Ifb = z.output<typeof Ifb>;
