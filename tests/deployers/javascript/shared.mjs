// What the files beside this one share: clients of an installation that the environment names, a function's package,
// and what an SDK's refusal looks like. Nothing here is Functory's: it is the SDK as a program has it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { LambdaClient, waitUntilFunctionActiveV2, waitUntilFunctionUpdatedV2 } from "@aws-sdk/client-lambda";

export const account = "000000000001";
export const role = `arn:aws:iam::${account}:role/lambda`;
export const settings = { maxAttempts: 1 };
export const client = new LambdaClient(settings);

// Made by the test that runs these files: the zip of guests/echo.mjs, and of another that answers otherwise.
export const echo = readFileSync(process.env.ECHO_ZIP);
export const changed = readFileSync(process.env.CHANGED_ZIP);

export const plan = (name, more = {}) => ({
  FunctionName: name,
  Runtime: "nodejs22.x",
  Handler: "index.handler",
  Role: role,
  Code: { ZipFile: echo },
  ...more,
});

const patience = { client, maxWaitTime: 120, minDelay: 1, maxDelay: 1 };
export const active = (name) => waitUntilFunctionActiveV2(patience, { FunctionName: name });
export const updated = (name) => waitUntilFunctionUpdatedV2(patience, { FunctionName: name });

/** What a command is refused with; an answer is a failure. */
export async function refused(sending, name, status) {
  const error = await sending.then(
    () => assert.fail(`not refused with ${name}`),
    (caught) => caught,
  );
  assert.equal(error.name, name, error.message);
  assert.equal(error.$metadata.httpStatusCode, status);
  assert.ok(error.message, "a refusal says why");
  assert.ok(error.$metadata.requestId, "a refusal has a request id");
  return error;
}

export const text = (bytes) => new TextDecoder().decode(bytes);
export const json = (bytes) => JSON.parse(text(bytes));

/** All items of a paginator, and how many pages they came in. */
export async function paged(pages, member) {
  const found = [];
  let count = 0;
  for await (const page of pages) {
    count += 1;
    found.push(...(page[member] ?? []));
  }
  return { found, count };
}
