// What the contract suite asks of a function, in JavaScript.
import fs from "node:fs";
import net from "node:net";
import { execSync } from "node:child_process";

console.log("cold");
if (process.env.BREAK) throw Object.assign(new Error("broken at start"), { name: "ValueError" });
let calls = 0;

const named = (name, message) => Object.assign(new Error(message), { name });
const leave = { exit: () => process.exit(3), abort: () => process.abort(), segfault: () => process.kill(process.pid, "SIGSEGV") };
const does = {
  echo: (event) => ({ got: event, env: process.env.OWN, where: process.cwd() }),
  context: (event, context) => ({
    name: context.functionName, version: context.functionVersion, memory: String(context.memoryLimitInMB),
    group: context.logGroupName, stream: context.logStreamName, arn: context.invokedFunctionArn,
    id: context.awsRequestId, left: context.getRemainingTimeInMillis(),
  }),
  fail: () => { throw named("ValueError", "boom"); },
  leave: async ({ how }) => { process.stdout.write("last words\n"); leave[how](); await does.sleep({}); },
  answer: ({ size, text = "x" }) => text.repeat(size),
  shout: ({ size }) => { throw named("ValueError", "y".repeat(size)); },
  size: ({ text }) => text.length,
  trace: () => process.env._X_AMZN_TRACE_ID ?? null,
  sleep: ({ seconds = 60 }) => new Promise((done) => setTimeout(() => done("slept"), seconds * 1000)),
  eat: () => { const kept = []; while (true) kept.push(Buffer.alloc(1000000, 1)); },
  write: () => { fs.writeFileSync("/tmp/f", "x"); return fs.readFileSync("/tmp/f", "utf8"); },
  fill: ({ megabytes }) => { const file = fs.openSync("/tmp/large", "w"); for (let i = 0; i < megabytes; i++) fs.writeSync(file, Buffer.alloc(1024 * 1024)); },
  spoil: () => fs.writeFileSync("/var/task/f", "x"),
  show: () => { console.log("one"); execSync("echo two", { stdio: "inherit" }); process.stdout.write("three"); return 1; },
  count: () => ++calls,
  binary: () => ({
    statusCode: 200, headers: { "content-type": "application/octet-stream" }, isBase64Encoded: true,
    body: Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString("base64"),
  }),
  connect: ({ host }) => new Promise((done, failed) => net.connect({ host, port: 80, timeout: 3000 }, () => done("connected")).on("error", failed).on("timeout", () => failed(new Error("timed out")))),
};
export const handler = async (event, context) => does[event.do](event, context);
