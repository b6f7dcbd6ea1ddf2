import tseslint from "typescript-eslint";

export default tseslint.config(
    { ignores: ["node_modules/", "dist/", "sdks/", "templates/", "**/*.cjs", "**/*.mjs", "**/*.js"] },
    ...tseslint.configs.recommendedTypeChecked,
    {
        languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
        rules: {
            "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
            "@typescript-eslint/no-floating-promises": "error",
            "@typescript-eslint/switch-exhaustiveness-check": "error",
            // Foreign JSON is parsed by zod where it enters; `any` never travels further.
            "@typescript-eslint/no-explicit-any": "error",
            "no-warning-comments": ["error", { terms: ["todo", "fixme", "xxx", "hack"], location: "anywhere" }],
        },
    },
    {
        files: ["test/**", "bench/**"],
        // mocha's `it` returns promises nobody has to await, and node:assert narrows by hand.
        rules: {
            "@typescript-eslint/no-floating-promises": "off",
            "@typescript-eslint/no-unused-expressions": "off",
            "@typescript-eslint/no-base-to-string": "off",
            "@typescript-eslint/unbound-method": "off",
        },
    },
);
