/** The policy pack, which `main.cjs` starts for the engine, and what rules of your own are written and tested with. */
import { PolicyPack } from "@pulumi/policy";
import { packOf } from "./pack";
import { rules, stackRules } from "./table";

export { guestNics } from "./nics/reader";
export { known, NotKnown } from "./known";
export { packOf } from "./pack";
export { type Rule, rule, type Reader } from "./rule";
export { type StackRule, stackRule } from "./stack-rule";
export { rules, stackRules } from "./table";
export {
    type Config,
    NOT_KNOWN_YET,
    type NotApplied,
    runPack,
    runPolicy,
    type TestResource,
    type Violation,
} from "./test-kit";

/** Serves the pack to the engine that started this process. The SDK reads the version from package.json in the working folder. */
export function startPack(): void {
    new PolicyPack("kvmnet", packOf(rules, stackRules));
}
