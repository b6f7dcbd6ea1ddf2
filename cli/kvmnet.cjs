#!/usr/bin/env node
"use strict";
const node = require("../engine/node.cjs");

const args = process.argv.slice(2);
if (node.isNewEnough)
    require("../engine/load.cjs")("cli/main")
        .main(args)
        .then((status) => (process.exitCode = status));
else node.goOnUnder(node.environment(), __filename, args);
