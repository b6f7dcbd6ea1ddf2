/**
 * A kernel command line as the 0.8 line has it: maps, of which it sorts the words. The kernel reads them in their order
 * (`hugepagesz=` before its `hugepages=`, the last `console=`), so the stylesheet writes them once more.
 */

/**
 * Words as the line reads them back from libvirt: as maps in which no key comes twice, words without `=` last. Written in
 * any other way, every refresh would show a difference and replace the guest.
 *
 * @see terraform-provider-libvirt v0.8.3, libvirt/utils_domain_def.go splitKernelCmdLine
 */
export function cmdlineMaps(words: readonly string[]): Record<string, string>[] {
    const maps: Record<string, string>[] = [];
    const bare = words.filter((word) => !word.includes("="));
    let latest: Record<string, string> | undefined;
    for (const word of words.filter((word) => word.includes("="))) {
        const [key, value] = [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)];
        if (!latest || Object.hasOwn(latest, key)) maps.push((latest = {}));
        latest[key] = value;
    }
    return bare.length ? [...maps, { _: bare.join(" ") }] : maps;
}

/**
 * Whether the line itself writes the words in this order: sorted, those without `=` together.
 *
 * @see terraform-provider-libvirt v0.8.3, libvirt/domain.go setCmdlineArgs
 */
export function isSorted(words: readonly string[]): boolean {
    const bare = words.filter((word) => !word.includes("=")).join(" ");
    const written = [...words.filter((word) => word.includes("=")), ...(bare ? [bare] : [])].sort(byBytes);
    return written.join(" ") === words.join(" ");
}

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
