/** What the text of a connection method tells of it (ovsdb(7), "Connection Methods"). */

/** Whether it waits for others to connect. */
export const isPassive = (target: string): boolean => /^p(ssl|tcp|unix):/.test(target);
/** Whether TLS protects it. */
export const isTls = (target: string): boolean => /^p?ssl:/.test(target);
/** Whether everybody on the way can read and change what it says. */
export const isOpen = (target: string): boolean =>
    /^p?tcp:/.test(target) && !/^tcp:(127\.|\[::1\]|localhost)|^ptcp:\d*:(127\.|\[::1\]|localhost)/.test(target);
