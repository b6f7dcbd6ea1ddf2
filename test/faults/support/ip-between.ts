/** An `ip` that stands before the real one on a plugin's PATH: keeps what it is asked, and can be held up or slow. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** What can be held up: the program that lists links and stays, or one that changes them. */
type Held = "listing" | "change";

export class IpBetween {
    private readonly folder = mkdtempSync(join(tmpdir(), "kvmnet-ip-"));
    private readonly asked = join(this.folder, "asked");

    constructor() {
        const { folder, asked } = this;
        // Lines of a batch are taken whole before they are held up: such a program is started before it is needed.
        writeFileSync(
            join(folder, "ip"),
            `#!/bin/sh
            waits() {
                while [ -e "${folder}/$1" ]; do sleep 0.02; done
                [ ! -e "${folder}/slow" ] || sleep "$(cat "${folder}/slow")"
            }
            case " $* " in
            *" -json "*" -batch "*)
                while read -r line; do
                    echo "$line" >>${asked}
                    waits listing
                    echo "$line"
                done | /sbin/ip "$@" ;;
            *" -batch "*)
                lines=$(cat)
                printf '%s\\n' "$lines" >>${asked}
                waits change
                printf '%s\\n' "$lines" | /sbin/ip "$@" ;;
            *) echo "$*" >>${asked} && exec /sbin/ip "$@" ;;
            esac
            `,
        );
        chmodSync(join(folder, "ip"), 0o755);
    }

    /** With which a plugin finds it. */
    get env(): NodeJS.ProcessEnv {
        return { PATH: `${this.folder}${delimiter}${process.env.PATH}` };
    }

    /** What it was asked so far, in its arguments or line by line. */
    lines(): string[] {
        return existsSync(this.asked) ? readFileSync(this.asked, "utf8").split("\n") : [];
    }

    /** How often it was asked for all links. */
    listings = (): number => this.lines().filter((line) => line.endsWith("link show")).length;

    hold = (what: Held): void => writeFileSync(join(this.folder, what), "");
    release = (what: Held): void => rmSync(join(this.folder, what), { force: true });

    /** How much longer it takes for each line that it lists by and each batch [s]; 0 is the real one's time. */
    slow(by: number): void {
        if (by > 0) writeFileSync(join(this.folder, "slow"), String(by));
        else rmSync(join(this.folder, "slow"), { force: true });
    }

    /** Whoever is held up goes on. */
    remove = (): void => rmSync(this.folder, { recursive: true, force: true });
}
