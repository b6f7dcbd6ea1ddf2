/** What the tests stand on: the engine, the libvirt SDK, and the packages that a lab needs. Quick when it is there. */
import { prepareEngine, prepareLibvirtSdk, type EngineEnvironment } from "../engine";
import { prepareLab } from "../lab";
import { plainProgress } from "../cli/progress";

export async function prepare(): Promise<EngineEnvironment> {
    const progress = plainProgress();
    const [engine] = await Promise.all([prepareEngine(progress), prepareLab(progress)]);
    await prepareLibvirtSdk(process.cwd(), engine, progress);
    return engine;
}
