"use strict";
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
    process.stderr.write(
        `kvmnet needs Node.js 22.18 or newer; the node on PATH (${process.execPath}) is ${process.versions.node}. ` +
            "Install a newer one, or run pulumi by `npx kvmnet pulumi`.\n",
    );
    process.exit(1);
}
require("../engine/load.cjs")("provider/main").main();
