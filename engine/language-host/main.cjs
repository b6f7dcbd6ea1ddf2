"use strict";
require("../load.cjs")("engine/language-host/main");
