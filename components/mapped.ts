/** The same keys, each with what is made of its value. */
export function mapped<Value, Result>(
    map: Readonly<Record<string, Value>>,
    make: (key: string, value: Value) => Result,
): Record<string, Result> {
    return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, make(key, value)]));
}
