/** How long steps are shown; whoever calls the lab hands one in. */
export interface Progress {
    /** Shows `title` while `work` runs; `tell` replaces the detail beside it. */
    step<T>(title: string, work: (tell: (detail: string) => void) => Promise<T>): Promise<T>;
    /** One line that stays. */
    note(line: string): void;
}
