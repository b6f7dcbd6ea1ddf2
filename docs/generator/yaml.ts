/** An example as a Pulumi program in YAML: the same resources, written by the same names. */
import { stringify } from "yaml";
import { variableOf, type Called, type Declared, type Program } from "./program";

export interface YamlProgram {
    variables?: Record<string, unknown>;
    resources?: Record<string, unknown>;
    outputs?: Record<string, unknown>;
}

export function yamlOf({ resources, calls, outputs }: Program): YamlProgram {
    return {
        ...(calls.length > 0 ? { variables: Object.fromEntries<unknown>(calls.map(variable)) } : {}),
        ...(resources.length > 0 ? { resources: Object.fromEntries<unknown>(resources.map(resource)) } : {}),
        ...(Object.keys(outputs).length > 0 ? { outputs } : {}),
    };
}

export const yamlText = (program: YamlProgram): string => stringify(program, { lineWidth: 0 });

const variable = ({ token, inputs }: Called) =>
    [
        variableOf(token),
        { "fn::invoke": { function: token, ...(Object.keys(inputs).length > 0 ? { arguments: inputs } : {}) } },
    ] as const;

function resource({ type, name, inputs, dependsOn, provider }: Declared) {
    const options = {
        ...(provider ? { provider: `\${${provider}}` } : {}),
        ...(dependsOn.length > 0 ? { dependsOn: dependsOn.map((other) => `\${${other}}`) } : {}),
    };
    return [
        name,
        {
            type: type.replace(":index:", ":"),
            ...(Object.keys(inputs).length > 0 ? { properties: inputs } : {}),
            ...(Object.keys(options).length > 0 ? { options } : {}),
        },
    ] as const;
}
