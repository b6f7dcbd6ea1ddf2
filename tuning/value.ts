/** A tuned value: what it is, why, where that stands, which rule it satisfies and what it costs. */

export interface Tuned<Value> {
    value: Value;
    /** One sentence with the numbers in it. */
    reason: string;
    /** Where the fact behind the reason stands. */
    source: string;
    /** The rule of the policy pack that this value satisfies. */
    rule?: string;
    cost?: Cost;
}

/** What a value takes from guest or host; absent is nothing worth counting. */
interface Cost {
    /** Memory [byte]. */
    bytes?: number;
    /** MSI-X vectors of the guest [count]. */
    vectors?: number;
    /** Processor, in words. */
    cpu?: string;
}

/** The value that a user wrote, whatever the model says. */
export const chosenByUser = <Value>(value: Value): Tuned<Value> => ({
    value,
    reason: "Chosen by the user.",
    source: "declaration",
});
