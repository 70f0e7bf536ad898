// A preview goes on where a required configuration value is missing: the program gets one that stands for it, and each
// such value is told, one JSON object a line, in the file that WATCHKEEPER_MISSING_CONFIG names.
"use strict";

const { createHash } = require("crypto");
const fs = require("fs");
const Module = require("module");

const FILE = process.env.WATCHKEEPER_MISSING_CONFIG;
const MISSING = /Missing required configuration variable '([^']+)'/;
const OUR_FRAME = /node_modules|node:internal|missing_config\.cjs/;
const PLACE = /\(?((?:file:\/\/)?\/[^()]+):(\d+):\d+\)?$/;
const STAND_INS = {
    requireImpl: (key) => "wkgen-" + createHash("sha256").update(key).digest("hex").slice(0, 16),
    requireBooleanImpl: () => false,
    requireNumberImpl: () => 1,
    requireObjectImpl: () => ({}),
};

function tell(key, value) {
    const frame = new Error().stack.split("\n").slice(1).find((line) => !OUR_FRAME.test(line) && PLACE.test(line));
    const [, file, line] = frame ? PLACE.exec(frame) : [null, "", "0"];
    const said = { key, value, file: file.replace("file://", ""), line: Number(line) };
    fs.appendFileSync(FILE, JSON.stringify(said) + "\n");
    return value;
}

function goOn(Config) {
    for (const [name, standIn] of Object.entries(STAND_INS)) {
        const original = Config.prototype[name];
        if (typeof original !== "function") {
            continue;
        }
        Config.prototype[name] = function (...given) {
            try {
                return original.apply(this, given);
            } catch (error) {
                const missing = MISSING.exec(error && error.message);
                if (missing === null) {
                    throw error;
                }
                return tell(missing[1], standIn(missing[1]));
            }
        };
    }
}

const load = Module._load;
const done = new Set();
Module._load = function (...given) {
    const loaded = load.apply(this, given);
    if (/(^|\/)config(\.js)?$/.test(given[0]) && loaded && loaded.Config && !done.has(loaded.Config)) {
        done.add(loaded.Config);
        goOn(loaded.Config);
    }
    return loaded;
};
