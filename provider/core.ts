/** All that the service calls, behind one name, so that it is loaded at once and only when the first request needs it. */
export { checkConfig, diffConfig } from "./config";
export { engineLog } from "./engine-log";
export { Unfinished } from "./lifecycle";
export { Provider } from "./provider";
export { notServed, statusOf, unfinishedStatus } from "./status";
export { bagOf, decode, encode, structOf } from "./struct";
