import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs the system's `xsltproc` as the libvirt provider runs it (libvirt/utils_xslt.go). @returns the new document */
export function xsltproc(stylesheet: string, document: string): string {
    const folder = mkdtempSync(join(tmpdir(), "kvmnet-xslt-"));
    try {
        const [xslt, xml] = [join(folder, "style.xsl"), join(folder, "domain.xml")];
        writeFileSync(xslt, stylesheet.trim());
        writeFileSync(xml, document);
        return execFileSync("xsltproc", ["--nomkdir", "--nonet", "--nowrite", xslt, xml], { encoding: "utf8" });
    } finally {
        rmSync(folder, { recursive: true });
    }
}
