#!/usr/bin/env node
"use strict";
require("../engine/load.cjs")("cli/main")
    .main(process.argv.slice(2))
    .then((status) => (process.exitCode = status));
