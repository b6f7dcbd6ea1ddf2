/** The typed classes of our own resources, made from the schemas. */
export * as host from "./host";
export * as ovs from "./ovs";
export { Provider, type ProviderArgs } from "./provider";
