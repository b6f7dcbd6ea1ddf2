"use strict";
// What the engine runs as this policy pack, in a checkout and in the published package alike.
// The SDK's run-policy-pack has registered ts-node, which would check the types of every file at each start, and there
// is no option against it: our own loader takes the sources before it does.
require("../engine/load.cjs")("policies/index").startPack();
