/** How the engine gets onto a machine: `pulumi`, its Node language host, the bridge, the libvirt provider, `@pulumi/libvirt`. */
export { checkEngine, prepareEngine } from "./environment";
export type { EngineEnvironment } from "./stamp";
export { type Part, inspect, program } from "./inspect";
export { prepareLanguages } from "./languages";
export { LIBVIRT_PACKAGE, prepareLibvirtSdk } from "./libvirt-sdk";
export { type Progress, silent } from "./progress";
