/** A rule about the versions of what carries guests' packets. */
import { at, listAt, type Resource, textAt } from "../inputs";
import { known, type Maybe, NotKnown } from "../known";
import { type Reader, rule } from "../rule";
import { FLOORS, isBelow, type Program, PROGRAMS } from "../version-floors";

/** A program of a host and its version, as an audit or the switch's database tells it. */
export const PROGRAM = "kvmnet:lint:Program";

interface Found {
    program: Program | undefined;
    version: Maybe<string | undefined>;
    /** Vulnerabilities that its package's changelog says to be fixed; absent where no changelog was read. */
    fixes: Maybe<unknown[]> | undefined;
}

const programs: Reader<Found> = {
    types: [PROGRAM],
    read(props) {
        if (props instanceof NotKnown) return [props];
        const name = at(props, "name");
        return [
            {
                program: PROGRAMS.find((one) => one === name),
                version: textAt(props, "version"),
                fixes: at(props, "fixes") === undefined ? undefined : listAt(props, "fixes"),
            },
        ];
    },
    name: () => "its version",
};

const found = (name: Program, version: string, fixes?: string[]): Resource => ({
    type: PROGRAM,
    name,
    props: { name, version, ...(fixes ? { fixes } : {}) },
});

const versionFloor = rule({
    id: "sec-version-floor",
    title: "Open vSwitch, QEMU, libvirt and the kernel have the fixes of holes that guests and clients reach.",
    severity: "high",
    level: { default: "advisory", security: "mandatory" },
    why: `What carries guests' packets reads what guests send. ${PROGRAMS.map((name) => `${name} before ${FLOORS[name].version}: ${FLOORS[name].harm} (${FLOORS[name].cve}, ${FLOORS[name].date})`).join("; ")}. A distribution puts fixes into older versions: an audit asks the package's changelog, and where there is none to ask, a version is told as a remark that stops nothing.`,
    sources: PROGRAMS.map((name) => {
        const { lines, version, date, source } = FLOORS[name];
        return `${name} ${[...lines, version].join(", ")} (${date}): ${source}`;
    }),
    url: "https://libvirt.org/securityprocess.html",
    tags: ["security", "versions"],
    appliesTo: programs,
    parameters: {},
    judge({ program, version, fixes }) {
        if (program === undefined) return undefined;
        const text = known(version);
        if (text === undefined) return undefined;
        const floor = FLOORS[program];
        const below = isBelow(floor, text);
        if (below === undefined) throw new NotKnown("its version does not begin with numbers");
        const told = fixes && known(fixes);
        if (!below || told?.includes(floor.cve)) return undefined;
        return {
            found: `it is ${shown(text)}, below ${floor.version}, and ${floor.harm} (${floor.cve})`,
            set: `Install ${[...floor.lines, floor.version].join(", ")} or newer, or a package whose changelog tells of ${floor.cve}.`,
            ...(told ? {} : { remark: true }),
        };
    },
    fix: "Install the updates of the distribution, and exempt what it has fixed and does not tell in its changelog.",
    examples: {
        good: [
            found("Open vSwitch", "3.1.4"),
            found("libvirt", "9.0.0", ["CVE-2024-1441"]),
            found("kernel", "6.1.0-18-amd64"),
        ],
        bad: [found("Open vSwitch", "3.1.3", []), found("QEMU", "7.2.8", ["CVE-2023-3019"]), found("libvirt", "9.0.0")],
    },
});

const shown = (version: string) => version.replace(/[^\w.+~:-]/g, "?").slice(0, 60);

export const versionRules = [versionFloor];
