/** What the text of a connection method tells of it (ovsdb(7), "Connection Methods"). */

/** Whether it waits for others to connect. */
export const isPassive = (target: string): boolean => /^p(ssl|tcp|unix):/.test(target);
/** Whether it connects to an IPv4 address or a host's name, which alone can be in-band. */
export const isActive = (target: string): boolean => /^(tcp|ssl):[^[]/.test(target);
/** Whether TLS protects it. */
export const isTls = (target: string): boolean => /^p?ssl:/.test(target);
/** Addresses of this machine alone, as a whole: `localhost.example.org` is anybody's. */
const HERE = String.raw`(127(\.\d{1,3}){3}|\[::1\]|localhost)`;
const STAYS_HERE = new RegExp(`^(tcp:${HERE}(:\\d+)?|ptcp:\\d*:${HERE})$`);
/** Whether everybody on the way can read and change what it says. */
export const isOpen = (target: string): boolean => /^p?tcp:/.test(target) && !STAYS_HERE.test(target);
