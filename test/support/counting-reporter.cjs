"use strict";
// Mocha's own "spec" report, and the counts in a file for whoever started the run. A run in which a test failed ends by
// itself: such a test may have left a process or a connection open, and mocha would wait for it for ever.
const { writeFileSync } = require("node:fs");
const { reporters, Runner } = require("mocha");

module.exports = class CountingReporter extends reporters.Spec {
    constructor(runner, options) {
        super(runner, options);
        runner.once(Runner.constants.EVENT_RUN_END, () => {
            const { passes, failures, pending } = this.stats;
            if (process.env.KVMNET_COUNTS)
                writeFileSync(process.env.KVMNET_COUNTS, JSON.stringify({ passes, failures, pending }));
        });
    }

    done(failures, ended) {
        ended(failures);
        if (failures > 0) setImmediate(() => process.exit());
    }
};
