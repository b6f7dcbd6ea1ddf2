/** The policy pack: what `main.cjs` starts for the engine. */
import { PolicyPack } from "@pulumi/policy";
import { packOf } from "./pack";
import { rules, stackRules } from "./table";

export { packOf } from "./pack";
export { rules, stackRules } from "./table";

/** Serves the pack to the engine that started this process. The SDK reads the version from package.json in the working folder. */
export function startPack(): void {
    new PolicyPack("kvmnet", packOf(rules, stackRules));
}
