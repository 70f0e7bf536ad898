// Node 20 never ends printing, in colours, a stack with a frame such as `node_modules/@pulumi/config.ts:301:19`: its
// util.inspect looks for a folder after the scope. Pulumi's SDK prints errors that way, and its source maps name such
// files. These frames are the SDK's own and tell a user nothing.
"use strict";

const ENDLESS = /node_modules[\\/]@[^\\/]+[\\/][^\\/]+:\d+:\d+/;

function withoutEndlessFrames(error) {
    if (error && typeof error.stack === "string" && ENDLESS.test(error.stack)) {
        error.stack = error.stack
            .split("\n")
            .filter((line) => !ENDLESS.test(line))
            .join("\n");
    }
}

// The SDK tells of its own errors (a missing configuration key) without the line of the program: that is said here.
function tell(error) {
    withoutEndlessFrames(error);
    if (error && error.__pulumiRunError) {
        console.error(error.stack);
    }
}

process.on("uncaughtException", tell);
process.on("unhandledRejection", tell);
