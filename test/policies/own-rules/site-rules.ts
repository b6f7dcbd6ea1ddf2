import { guestNics, known, packOf, rule } from "../../../policies/index";

/** A rule of our own. `known` throws where a value is not known yet: the finding is then "could not decide". */
const guestsQueues = rule({
    id: "site-guests-queues",
    title: "A NIC of a guest has no more queues than our NICs have rings.",
    severity: "medium",
    level: { default: "mandatory" },
    why: "Our hosts' NICs have 8 rings: more queues of a guest share them.",
    sources: ["our hosts' data sheet"],
    url: "https://wiki.example.org/guests",
    tags: ["site"],
    appliesTo: guestNics,
    parameters: { most: { describe: "Most queues of a NIC.", value: { default: 8 }, minimum: 1, maximum: 256 } },
    judge(nic, { most }) {
        const queues = known(nic.queues);
        if (queues <= most) return undefined;
        return { found: `it has ${queues} queues`, set: `Set queues to ${most} or fewer.` };
    },
    fix: "Set queues to 8 or fewer.",
    examples: { good: [], bad: [] },
});

export const pack = packOf([guestsQueues]);
