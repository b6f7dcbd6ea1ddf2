/** Puts findings right in the text of a file, where the right value is certain; nothing else of the text changes. */
import { NotKnown } from "../../known";
import { fileNics } from "../../nics/domain-xml";
import { childrenOf, parseOutline } from "../../nics/outline";
import { proxmoxNics, type ProxmoxVm } from "../../nics/proxmox";
import { xmlStepsOf } from "../../nics/said";
import type { LintFinding } from "../finding";
import type { KindName } from "../kinds";
import { readProxmox } from "../readers/proxmox";
import { BOND_REMEDIES, INTERFACE_REMEDIES } from "./remedies";
import { changed } from "./xml-edit";

export interface Fixed {
    text: string;
    /** What was put right. */
    findings: LintFinding[];
}

/** @param findings those of this file */
export async function fixed(text: string, kind: KindName, findings: readonly LintFinding[]): Promise<Fixed> {
    const fix = FIXES[kind];
    if (!fix) return { text, findings: [] };
    const result: Fixed = { text, findings: [] };
    // From the end, so that the lines of the others stay what they are.
    const upward = [...findings].sort((a, b) => (b.position.line ?? 0) - (a.position.line ?? 0));
    for (const finding of upward) {
        const next = finding.kind === "violation" ? await fix(result.text, finding) : undefined;
        if (next === undefined || next === result.text) continue;
        result.text = next;
        result.findings.push(finding);
    }
    return result;
}

type Fix = (text: string, finding: LintFinding) => string | undefined | Promise<string | undefined>;

const FIXES: Readonly<Partial<Record<KindName, Fix>>> = {
    domain: fixDomain,
    netplan: (text, finding) => fixBond(text, finding, "netplan"),
    nmstate: (text, finding) => fixBond(text, finding, "nmstate"),
    proxmox: fixProxmox,
};

/** One change at a time, each on the text that the former left. */
function fixDomain(text: string, { rule, position }: LintFinding): string | undefined {
    const remedy = INTERFACE_REMEDIES[rule];
    if (!remedy) return undefined;
    const placed = () => {
        const domain = parseOutline(text, position.file);
        const elements = childrenOf(domain, "devices").flatMap((devices) => childrenOf(devices, "interface"));
        const index = elements.findIndex(({ line, column }) => line === position.line && column === position.column);
        return { element: elements[index], nic: fileNics(domain)[index] };
    };
    const { nic } = placed();
    if (!nic || nic instanceof NotKnown) return undefined;
    for (const { field, value } of remedy(nic)) {
        const { element } = placed();
        const { elements, attribute } = xmlStepsOf(field);
        if (element && attribute)
            text = changed(text, element, {
                elements,
                attribute,
                ...(value === undefined ? {} : { value: `${value}` }),
            });
    }
    return text;
}

/** Bonds are told by their name, which is where they stand. */
async function fixBond(
    text: string,
    { rule, subject, position }: LintFinding,
    kind: "netplan" | "nmstate",
): Promise<string | undefined> {
    const remedy = BOND_REMEDIES.get(rule);
    const [, name] = /^Bond ([^,]+)/.exec(subject) ?? [];
    if (!remedy || name === undefined) return undefined;
    const { withValue } = await import("./yaml-edit");
    const { pathOfInterface } = await import("../readers/nmstate");
    const path = kind === "netplan" ? ["network", "bonds", name] : pathOfInterface({ file: position.file, text }, name);
    return path && withValue(text, [...path, ...remedy[kind]], remedy.value);
}

/** `netN` stands on the line itself; of what a remedy changes, queues are all that it can say. */
function fixProxmox(text: string, { rule, position }: LintFinding): string | undefined {
    const [vm] = readProxmox({ file: position.file, text });
    const nics = proxmoxNics((vm?.props as { proxmoxVm: ProxmoxVm }).proxmoxVm);
    const nic = nics.find(({ written }) => written.line === "proxmox" && written.row === position.line);
    const queues = nic && INTERFACE_REMEDIES[rule]?.(nic).find(({ field }) => field === "queues")?.value;
    if (queues === undefined) return undefined;
    const lines = text.split("\n");
    const at = (position.line ?? 1) - 1;
    const line = lines[at] ?? "";
    const ending = line.endsWith("\r") ? "\r" : "";
    const said = line.trimEnd();
    lines[at] = /,queues=\d*/.test(said)
        ? said.replace(/,queues=\d*/, `,queues=${queues}`) + ending
        : `${said},queues=${queues}${ending}`;
    return lines.join("\n");
}
