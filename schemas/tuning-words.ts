/** Words that tuning and guests share: how a guest is meant to be used, and lists of CPUs. */
import { z } from "zod";

export const TuningProfile = z.enum(["default", "throughput", "latency", "density", "legacy-lab"], {
    error: "a profile is default, throughput, latency, density or legacy-lab",
});

/** CPUs as the kernel lists them: `0-3,8`. */
export const CpuList = z
    .string('a CPU list is text such as "0-3,8"')
    .regex(/^\d{1,4}(-\d{1,4})?(,\d{1,4}(-\d{1,4})?)*$/, { error: 'a CPU list is ids and ranges, such as "0-3,8"' });
