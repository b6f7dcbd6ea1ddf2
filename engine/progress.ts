/** Who is told what the engine's preparation does. The command line hands one in. */
export interface Progress {
    /** One step with a title; `tell` replaces the line that says what it is at. */
    step<T>(title: string, work: (tell: (detail: string) => void) => Promise<T>): Promise<T>;
    /** One line that stays. */
    note(line: string): void;
}

/** For callers that have nobody to tell. */
export const silent: Progress = { step: (_title, work) => work(() => undefined), note: () => undefined };
