/** What others are at work on is looked at again before it counts as what they leave: between two looks it is waited so long [ms]. */
export const PAUSES_MS: readonly number[] = [50, 100, 200];
