"use strict";
// What the engine runs as this policy pack, in a checkout and in the published package alike.
// The SDK's run-policy-pack has registered ts-node, which would check the types of every file at each start
// (there is no option against it): our own loader takes its place.
delete require.extensions[".ts"];
require("../engine/load.cjs")("policies/index").startPack();
