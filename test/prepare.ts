/** What the tests stand on: the engine, the libvirt SDK, the packages that a lab needs, and no lab of a killed run. Quick when it is there. */
import { prepareEngine, prepareLanguages, prepareLibvirtSdk, type EngineEnvironment, type Progress } from "../engine";
import { prepareKernelGuest, prepareLab } from "../lab";
import { plainProgress } from "../cli/progress";
import { removeLeftLabs } from "./support/left-labs";
import { preparePython } from "./support/python";
import { preparePythonGenerator } from "./support/python-sdk";

export async function prepare(): Promise<EngineEnvironment> {
    const progress = plainProgress();
    const [engine] = await Promise.all([prepareEngine(progress), prepareLab(progress)]);
    await prepareLibvirtSdk(process.cwd(), engine, progress);
    await removeLeftLabs();
    return engine;
}

/** What programs in Python and YAML run on. @returns folders that come first on the engine's PATH */
export async function prepareOtherLanguages(progress: Progress = plainProgress()): Promise<string[]> {
    const hosts = await prepareLanguages(await prepareEngine(progress), progress);
    await preparePythonGenerator(progress);
    return [await preparePython(progress), ...hosts];
}

/** The kernel for tests of what this machine's own may lack: 70 MB, so only for those that run them. */
export const prepareFullKernel = (): Promise<void> => prepareKernelGuest(plainProgress());
