// Functory's bootstrap for Node.js: starts before there is code, is bound to a function once, then runs its
// events. Speaks frames over a unix socket (see runner/sandbox/frames.py); what the function writes goes to the
// standard output and never near the socket. Behaves as AWS's runtime client does. Standard library only.

import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import Module, { createRequire } from "node:module";

const SOCKET = process.env.FUNCTORY_SOCKET ?? "/run/functory/s.sock";
const FRAME = { ready: "R", bound: "B", initError: "X", success: "S", error: "E", fatal: "F", prelude: "H", chunk: "C", end: "Z" };
const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const LARGEST_ANSWER = 6 * 1024 * 1024 + 100; // AWS's own number for a synchronous answer
const LONGEST_MESSAGE = 256 * 1024; // of an error: more than that nobody reads
const SMALL = 64 * 1024; // characters
const exit = process.exit.bind(process);

/** The connection to the gateway: whole frames in, whole frames out. */
class Link {
  constructor(onFrame) {
    this.pieces = [];
    this.size = 0;
    this.needed = 5;
    this.onFrame = onFrame;
    this.socket = net.connect(SOCKET);
    this.socket.on("data", (data) => this.received(data));
    this.socket.on("error", () => exit(0));
    this.socket.on("close", () => exit(0));
  }

  /** Pieces are joined once, when a frame is whole: an event of six megabytes comes in a hundred of them. */
  received(data) {
    this.pieces.push(data);
    this.size += data.length;
    if (this.size < this.needed) return;
    let buffer = this.pieces.length === 1 ? data : Buffer.concat(this.pieces, this.size);
    while (buffer.length >= 5) {
      const end = 4 + buffer.readUInt32BE(0);
      if (buffer.length < end) break;
      const [kind, body] = [String.fromCharCode(buffer[4]), buffer.subarray(5, end)];
      buffer = buffer.subarray(end);
      this.onFrame(kind, body);
    }
    this.pieces = buffer.length ? [buffer] : [];
    this.size = buffer.length;
    this.needed = buffer.length < 5 ? 5 : 4 + buffer.readUInt32BE(0);
  }

  send(kind, body, done) {
    if (typeof body === "string" && body.length < SMALL) return this.sendSmall(kind, body, done);
    const content = Buffer.isBuffer(body) ? body : Buffer.from(body);
    const head = Buffer.allocUnsafe(5);
    head.writeUInt32BE(content.length + 1, 0);
    head[4] = kind.charCodeAt(0);
    this.socket.cork();
    this.socket.write(head);
    const more = this.socket.write(content, done);
    this.socket.uncork();
    return more;
  }

  /** Head and text in one piece: one request to the kernel's queue in place of two. */
  sendSmall(kind, text, done) {
    const frame = Buffer.allocUnsafe(5 + Buffer.byteLength(text));
    frame.writeUInt32BE(frame.length - 4, 0);
    frame[4] = kind.charCodeAt(0);
    frame.write(text, 5);
    return this.socket.write(frame, done);
  }
}

/**
 * Standard output, written at once and in order: what was said before a crash is not lost. `wrote` tells whether there
 * was any since the last marker: who only answers needs none. What went past it is read before the answer all the same.
 */
const output = {
  descriptor: 1,
  wrote: true,
  write(data) {
    this.wrote = true;
    let rest = Buffer.isBuffer(data) ? data : Buffer.from(data);
    while (rest.length) {
      try {
        rest = rest.subarray(fs.writeSync(this.descriptor, rest));
      } catch (error) {
        if (error.code !== "EAGAIN") return;
      }
    }
  },
};

/** What process.stdout is here. Node's own would make the pipe non-blocking, also for children that share it. */
class OutputStream extends Writable {
  constructor(descriptor) {
    super();
    this.fd = descriptor;
  }

  _write(data, encoding, done) {
    output.write(data);
    done();
  }
}

for (const [name, descriptor] of [["stdout", 1], ["stderr", 2]]) {
  Object.defineProperty(process, name, { value: new OutputStream(descriptor), configurable: true, enumerable: true, writable: true });
}
const load = createRequire(import.meta.url);
const { format } = load("node:util"); // not imported: it looks at process.stderr, which Node's own must not be by then

let requestId = "";

/** `<time> <request id> <LEVEL> <message>`, tabs between, as Lambda has it. */
function patchConsole() {
  const levels = { log: "INFO", debug: "DEBUG", info: "INFO", warn: "WARN", error: "ERROR", trace: "TRACE" };
  for (const [method, level] of Object.entries(levels)) {
    console[method] = (...values) => {
      const message = format(...values).replaceAll("\n", "\r");
      output.write(`${new Date().toISOString()}\t${requestId || "undefined"}\t${level}\t${message}\n`);
    };
  }
}

/** AWS's error object of anything that was thrown. */
function described(error, type) {
  if (error instanceof Error || (error && typeof error === "object" && "stack" in error && "message" in error)) {
    return {
      errorType: type ?? String(error.name ?? error.constructor?.name ?? "Error"),
      errorMessage: textOf(error.message),
      trace: textOf(error.stack ?? "").split("\n"),
    };
  }
  return { errorType: type ?? typeof error, errorMessage: textOf(error), trace: [] };
}

/** What was thrown, as text; not everything has one. */
function textOf(value) {
  try {
    return String(value).slice(0, LONGEST_MESSAGE);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function startError(type, message, cause) {
  return Object.assign(new Error(message, { cause }), { startError: type });
}

/** Finds the file and the exported function that `folder/file.path.to.function` names. */
async function loadHandler(name) {
  const root = process.env.LAMBDA_TASK_ROOT ?? "/var/task";
  if (name.includes("..")) throw startError("Runtime.MalformedHandlerName", `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  const folder = path.dirname(name);
  const found = /^([^.]*)\.(.*)$/.exec(path.basename(name));
  if (!found) throw startError("Runtime.MalformedHandlerName", "Bad handler");
  const [, moduleName, exported] = found;
  let loaded = await loadModule(path.resolve(root, folder, moduleName), moduleName);
  for (const part of exported.split(".")) loaded = loaded?.[part];
  if (loaded === undefined) throw startError("Runtime.HandlerNotFound", `${name} is undefined or not exported`);
  if (typeof loaded !== "function") throw startError("Runtime.HandlerNotFound", `${name} is not a function`);
  return loaded;
}

async function loadModule(base, moduleName) {
  const file = ["", ".js", ".mjs", ".cjs"].map((ending) => base + ending).find((name) => fs.statSync(name, { throwIfNoEntry: false })?.isFile());
  try {
    if (!file) return createRequire(`${base}.js`)(base);
    const loaded = await import(pathToFileURL(file).href);
    return isCommonJs(loaded, file) ? loaded.default : loaded;
  } catch (error) {
    if (error instanceof SyntaxError) throw startError("Runtime.UserCodeSyntaxError", `${error.name}: ${error.message}`, error);
    if (["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error?.code)) {
      const missing = file ? `${error.name}: ${error.message}` : `Error: Cannot find module '${moduleName}'`;
      throw startError("Runtime.ImportModuleError", missing, error);
    }
    throw error;
  }
}

function isCommonJs(loaded, file) {
  return !file.endsWith(".mjs") && "default" in loaded && (file.endsWith(".cjs") || "module.exports" in loaded || !("__esModule" in loaded) && createRequire(file).cache[file] !== undefined);
}

/** A function's answer that is sent while it is made. */
class ResponseStream extends Writable {
  constructor(link) {
    super({ highWaterMark: 65536 });
    this.link = link;
  }

  setContentType(type) {
    this.contentType = type;
  }

  prelude(document) {
    this.link.send(FRAME.prelude, JSON.stringify(document));
    this.started = true;
  }

  _write(data, encoding, done) {
    if (!this.started && this.contentType) this.prelude({ statusCode: 200, headers: { "Content-Type": this.contentType } });
    this.started = true;
    this.link.send(FRAME.chunk, Buffer.isBuffer(data) ? data : Buffer.from(data, encoding), () => done());
  }
}

globalThis.awslambda = {
  streamifyResponse(handler) {
    handler[STREAMING] = "response";
    return handler;
  },
  HttpResponseStream: {
    from(stream, prelude) {
      stream.prelude(prelude);
      return stream;
    },
  },
};

class Runtime {
  constructor() {
    this.running = null;
    this.link = new Link((kind, body) => (kind === "b" ? this.bind(body) : kind === "i" && this.invoke(body)));
    this.link.socket.once("connect", () => this.link.send(FRAME.ready, JSON.stringify({ runtime: process.version })));
  }

  async bind(body) {
    const binding = JSON.parse(body);
    this.marker = `\0${binding.marker}`;
    Object.assign(process.env, binding.environment, { _HANDLER: binding.handler });
    try {
      process.chdir(process.env.LAMBDA_TASK_ROOT ?? "/var/task");
    } catch {
      // The folder is what the function makes of it; a missing one shows when the handler is loaded.
    }
    process.env.NODE_PATH ??= `/opt/nodejs/node${process.versions.node.split(".")[0]}/node_modules:/opt/nodejs/node_modules`;
    Module._initPaths(); // NODE_PATH was read at the start, when the function was not known
    patchConsole();
    process.on("uncaughtException", (error) => this.broken(described(error)));
    process.on("unhandledRejection", (reason) => this.broken(described(reason, "Runtime.UnhandledPromiseRejection")));
    try {
      this.handler = await loadHandler(binding.handler);
    } catch (error) {
      this.startFailed(error.startError ? { ...described(error.cause ?? error), errorType: error.startError, errorMessage: error.message } : described(error));
      return;
    }
    this.link.send(FRAME.bound, "{}");
  }

  startFailed(document) {
    output.write(`${new Date().toISOString()}\tundefined\tERROR\tUncaught Exception \t${JSON.stringify(document)}\n`);
    this.failedStart = true;
    this.link.send(FRAME.initError, JSON.stringify(document));
  }

  /** An error that nobody caught: it ends the request and the process. */
  broken(document) {
    if (this.failedStart) return;
    const title = document.errorType === "Runtime.UnhandledPromiseRejection" ? "Unhandled Promise Rejection" : "Uncaught Exception";
    output.write(`${new Date().toISOString()}\t${requestId || "undefined"}\tERROR\t${title} \t${JSON.stringify(document)}\n`);
    if (!this.handler) {
      this.startFailed(document);
    } else if (this.running) {
      output.write(`${this.marker}${requestId}\0`);
      this.link.send(FRAME.fatal, JSON.stringify(document), () => exit(129));
    } else {
      exit(129);
    }
  }

  invoke(body) {
    const size = body.readUInt16BE(0);
    const header = JSON.parse(body.subarray(2, 2 + size));
    requestId = header.id;
    if (header.trace || this.traced) this.trace(header.trace);
    const call = { done: false };
    this.running = call;
    let event, context;
    try {
      const payload = body.subarray(2 + size);
      event = payload.length ? JSON.parse(payload) : {};
      context = this.context(header, call);
    } catch (error) {
      this.fail(call, Object.assign(error, { name: "Runtime.UnmarshalError" }));
      return;
    }
    if (this.handler[STREAMING]) this.runStreaming(call, event, context);
    else this.run(call, event, context);
  }

  trace(id) {
    this.traced = Boolean(id);
    if (id) process.env._X_AMZN_TRACE_ID = id;
    else delete process.env._X_AMZN_TRACE_ID;
  }

  run(call, event, context) {
    const callback = (error, result) => this.settle(call, context, error, result);
    try {
      const result = this.handler(event, context, callback);
      if (typeof result?.then === "function") result.then((value) => this.succeed(call, value), (error) => this.fail(call, error));
      else if (!call.done) this.whenIdle(call);
    } catch (error) {
      this.fail(call, error);
    }
  }

  async runStreaming(call, event, context) {
    const stream = new ResponseStream(this.link);
    stream.on("error", (error) => this.fail(call, error));
    try {
      await this.handler(event, stream, context);
      if (!stream.writableEnded) stream.end();
      if (!stream.writableFinished) await new Promise((done) => stream.once("finish", done));
      this.close(call, FRAME.end, "");
    } catch (error) {
      this.fail(call, error);
    }
  }

  /** A callback's answer waits for the event loop to empty unless the function says otherwise. */
  settle(call, context, error, result) {
    if (call.done || call.finish) return;
    call.finish = () => (error ? this.fail(call, error) : this.succeed(call, result));
    if (context.callbackWaitsForEmptyEventLoop) this.whenIdle(call);
    else call.finish();
  }

  /** Once nothing is left to happen: the callback's answer, or null when it was never called. */
  whenIdle(call) {
    if (call.waits) return;
    call.waits = true;
    this.link.socket.unref();
    process.once("beforeExit", () => {
      this.link.socket.ref();
      if (call.finish) call.finish();
      else this.succeed(call, null);
    });
  }

  succeed(call, value) {
    let text;
    try {
      text = JSON.stringify(value === undefined ? null : value) ?? "null";
    } catch (error) {
      this.fail(call, Object.assign(new Error(`Unable to stringify response body: ${error.message}`), { name: "Runtime.MarshalError" }));
      return;
    }
    const answer = Buffer.from(text);
    if (answer.length <= LARGEST_ANSWER) this.close(call, FRAME.success, answer);
    else this.fail(call, Object.assign(new Error(`Response payload size exceeded maximum allowed payload size (${LARGEST_ANSWER} bytes).`), { name: "Function.ResponseSizeTooLarge" }));
  }

  fail(call, error) {
    if (call.done) return;
    const document = described(error);
    output.write(`${new Date().toISOString()}\t${requestId}\tERROR\tInvoke Error \t${JSON.stringify({ ...document, stack: document.trace, trace: undefined })}\n`);
    this.close(call, FRAME.error, JSON.stringify(document));
  }

  close(call, kind, body) {
    if (call.done) return;
    call.done = true;
    this.running = null;
    if (output.wrote) {
      output.write(`${this.marker}${requestId}\0`);
      output.wrote = false;
    }
    this.link.send(kind, body);
  }

  context(header, call) {
    const environment = process.env;
    const context = {
      callbackWaitsForEmptyEventLoop: true,
      functionName: environment.AWS_LAMBDA_FUNCTION_NAME,
      functionVersion: environment.AWS_LAMBDA_FUNCTION_VERSION,
      memoryLimitInMB: environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      logGroupName: environment.AWS_LAMBDA_LOG_GROUP_NAME,
      logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME,
      awsRequestId: header.id,
      invokedFunctionArn: header.arn,
      getRemainingTimeInMillis: () => Math.max(0, header.deadline_ms - Date.now()),
    };
    if (header.client) context.clientContext = JSON.parse(header.client);
    if (header.identity) context.identity = JSON.parse(header.identity);
    context.succeed = (value) => this.settle(call, context, null, value);
    context.fail = (error) => this.settle(call, context, error ?? new Error("handled"));
    context.done = (error, value) => this.settle(call, context, error, value);
    return context;
  }
}

/** What most functions import, and what fetch loads when it is first used: paid for before anybody waits. */
function preload() {
  for (const name of ["child_process", "crypto", "dns", "events", "https", "os", "stream/promises", "zlib"]) load(`node:${name}`);
  return [globalThis.fetch, globalThis.Request];
}

preload();
new Runtime();
