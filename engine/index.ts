/** How the engine gets onto a machine: `pulumi`, its Node language host, the bridge, the libvirt provider, `@pulumi/libvirt`. */
export { type EngineEnvironment, prepareEngine } from "./environment";
export { type Part, inspect, program } from "./inspect";
export { LIBVIRT_PACKAGE, prepareLibvirtSdk } from "./libvirt-sdk";
export { silent } from "./progress";
