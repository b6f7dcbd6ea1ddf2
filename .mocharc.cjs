"use strict";
// ts-node reads its settings from the project's tsconfig: ours for tests adds swc, which Pulumi's own ts-node refuses.
process.env.TS_NODE_PROJECT = "test/tsconfig.json";

module.exports = { require: ["ts-node/register"], timeout: 60_000, forbidOnly: true, failZero: true };
