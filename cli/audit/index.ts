/** A host as it runs, judged by the rules of the pack. It only reads. */
import type { PlacedResource } from "../../policies/lint/finding";
import { type LintRun, reportOf } from "../../policies/lint/run";
import { DOMAIN_XML } from "../../policies/nics/reader";
import { profileOf } from "../../policies/profiles";
import type { Profile } from "../../policies/rule";
import { rules, stackRules } from "../../policies/table";
import type { Host } from "../../provider/host";
import { version } from "../told";
import { runningGuests } from "./guests";
import { linkResources, switchResources } from "./host-resources";
import { iommuOf } from "./iommu";
import { guestPrograms, kernelProgram, switchPrograms } from "./programs";

/** Parts of a host that can be left out where it has them not. */
export const PARTS = ["guests", "ovs", "links"] as const;
type Part = (typeof PARTS)[number];

export interface AuditSettings {
    /** The host in the words of the provider's `host`; it stands where a linter names a file. */
    called: string;
    profile: Profile;
    without: readonly Part[];
    guestAgent: boolean;
}

export interface Audit extends LintRun {
    /** Sentences: what was asked for and is not there. */
    notes: string[];
    /** Whether there is more that was not judged: a part that was left out or does not answer, a guest that is off. */
    partial: boolean;
}

/** Reads the whole host, then judges it as one stack. What does not answer is told, and the rest is judged. */
export async function audit(host: Host, { called, profile, without, guestAgent }: AuditSettings): Promise<Audit> {
    const unreadable: string[] = [];
    const notes: string[] = [];
    let partial = without.length > 0;
    const part = async (name: Part, read: () => Promise<Omit<PlacedResource, "position">[]>) => {
        if (without.includes(name)) return [];
        try {
            return await read();
        } catch (error) {
            unreadable.push(`${sentence(error)} Where the host has no ${name}, say --without ${name}.`);
            return [];
        }
    };
    const guests = async () => {
        const { guests, allRun, unread, ...told } = await runningGuests(host.place, guestAgent);
        partial ||= !allRun;
        unreadable.push(...unread);
        notes.push(...told.notes);
        return [
            ...guests.map(({ name, xml }) => ({ type: DOMAIN_XML, name, props: { domainXml: xml } })),
            ...(await guestPrograms(host.place)),
            await iommuOf(host.place),
        ];
    };
    const found = await Promise.all([
        part("guests", guests),
        part("ovs", async () => [...(await switchResources(host)), ...(await switchPrograms(host))]),
        part("links", async () => [...(await linkResources(host)), ...(await kernelProgram(host))]),
    ]);
    const resources = found.flat().map((resource) => ({ ...resource, position: { file: called } }));
    const settings = { rules, stackRules, config: profileOf(profile), profile, version: version() };
    const report = reportOf([resources], settings, 0);
    // A line of XML that was put together here is nowhere to be looked up.
    const findings = report.findings.map((finding) => ({ ...finding, position: { file: called } }));
    return { report: { ...report, findings }, unreadable, notes, partial: partial || unreadable.length > 0 };
}

const sentence = (error: unknown) => (error as Error).message.replace(/[^.]$/, "$&.");
