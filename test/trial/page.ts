/** docs/policy-trial.md, made from the cases. */
import { writeFileSync } from "node:fs";
import type { Case } from "./cases";
import { domains } from "./domains";
import { hosts } from "./hosts";
import { programs } from "./programs";

export const cases: readonly Case[] = [...domains, ...programs, ...hosts];

export function page(): string {
    const refused = cases.filter(({ mandatory }) => Object.keys(mandatory).length > 0);
    const findings = refused.flatMap(({ mandatory }) => Object.keys(mandatory));
    const mended = cases.flatMap(({ mended }) => mended ?? []);
    const parts: [string, readonly Case[]][] = [
        ["Guests in libvirt's XML", domains],
        ["Programs of Pulumi and Terraform", programs],
        ["Hosts, networks and VMs of Proxmox VE", hosts],
    ];
    return [
        "# The rules on configurations of others",
        "",
        `${cases.length} configurations that others published were described again, each as a small case of our own, and judged by the profile`,
        "`default`. `test/trial` holds every case and its verdict, and fails when a rule says something else.",
        "",
        `- ${cases.length - refused.length} of ${cases.length} pass without a mandatory finding.`,
        `- ${refused.length} are refused, by ${findings.length} findings. Each was looked at, and each is right; the reason stands beside it.`,
        `- ${mended.length} mandatory findings were wrong when the trial began. The rules were mended, and none is left.`,
        "",
        "Remarks (advisory findings) stop nothing. They are listed where they were looked at.",
        ...parts.flatMap(([title, of]) => ["", `## ${title}`, "", ...of.flatMap(told)]),
        "",
    ].join("\n");
}

function told({ origin, about, mandatory, advisory, mended }: Case): string[] {
    const refusals = Object.entries(mandatory).map(([rule, why]) => `    - Refused by \`${rule}\`: ${why}.`);
    return [
        `- \`${origin}\`: ${about}`,
        ...(refusals.length > 0 ? refusals : ["    - Passes."]),
        ...(advisory.length > 0 ? [`    - Remarks: ${advisory.map((rule) => `\`${rule}\``).join(", ")}.`] : []),
        ...(mended === undefined ? [] : [`    - Mended: ${mended}.`]),
    ];
}

/** Writes the page anew. @param file `docs/policy-trial.md` of the checkout */
export function writeTrial(file: string): void {
    writeFileSync(file, page());
}
