/** Links that Open vSwitch makes are down until somebody sets them up. */
import type { Step } from "../plan";

/** Where the switch could not make the link there is none, and `find` then tells why. */
export const bringUp = (name: string): Step => ({
    what: `sets ${name} up`,
    check: { link: name, is: "present" },
    action: { via: "ip", lines: [["link", "set", "dev", name, "up"]] },
});
