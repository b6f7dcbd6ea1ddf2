/** A schema's input as a resource takes it: every property, and every entry of a list or map, may be another's output. */
import type { Input } from "@pulumi/pulumi";

export type Inputs<Declared> = { [Key in keyof Declared]: Travelling<Declared[Key]> };

type Travelling<Value> = Value extends readonly (infer Entry)[]
    ? Input<Input<Travelling<Entry>>[]>
    : Value extends Record<string, unknown>
      ? Input<{ [Key in keyof Value]: Travelling<Value[Key]> }>
      : Value extends undefined
        ? Value
        : Input<Value>;
