// Calls: waited for, queued, tried dry, and streamed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  LambdaClient,
} from "@aws-sdk/client-lambda";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";

import { account, active, client, json, plan, refused, settings, text } from "./shared.mjs";

const FunctionName = "js-called";
const call = (more) => client.send(new InvokeCommand({ FunctionName, ...more }));

before(async () => {
  await client.send(new CreateFunctionCommand(plan(FunctionName)));
  await client.send(new CreateFunctionCommand(plan("js-streams", { Handler: "index.streams" })));
  await active(FunctionName);
  await active("js-streams");
});
after(async () => {
  for (const name of [FunctionName, "js-streams"]) {
    await client.send(new DeleteFunctionCommand({ FunctionName: name }));
  }
});

test("a call that is waited for, with its log and the caller's context", async () => {
  const ClientContext = Buffer.from(JSON.stringify({ custom: { a: "b" } })).toString("base64");
  const answer = await call({ Payload: JSON.stringify({ n: 1 }), LogType: "Tail", ClientContext });
  assert.deepEqual([answer.StatusCode, answer.ExecutedVersion, answer.FunctionError], [200, "$LATEST", undefined]);
  assert.deepEqual(json(answer.Payload), { event: { n: 1 }, custom: { a: "b" } });
  const log = Buffer.from(answer.LogResult, "base64").toString();
  assert.match(log, new RegExp(`START RequestId: ${answer.$metadata.requestId}`));
  assert.match(log, /a line/);
});

test("a function's own error is an answer", async () => {
  const answer = await call({ Payload: JSON.stringify({ fail: "as asked" }) });
  assert.deepEqual([answer.StatusCode, answer.FunctionError], [200, "Unhandled"]);
  const told = json(answer.Payload);
  assert.deepEqual([told.errorType, told.errorMessage], ["RangeError", "as asked"]);
  assert.ok(Array.isArray(told.trace));
});

test("an event is accepted, runs later and leaves its log", async () => {
  const word = `word${process.pid}`;
  const answer = await call({ InvocationType: "Event", Payload: JSON.stringify({ word }) });
  assert.deepEqual([answer.StatusCode, answer.Payload?.length ?? 0], [202, 0]);
  const logs = new CloudWatchLogsClient(settings);
  const ask = new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${FunctionName}`, filterPattern: word });
  const until = Date.now() + 60_000;
  let seen = [];
  while (seen.length === 0 && Date.now() < until) seen = (await logs.send(ask)).events;
  assert.match(seen[0].message, new RegExp(word));
});

test("a dry run runs nothing and says who may", async () => {
  assert.equal((await call({ InvocationType: "DryRun" })).StatusCode, 204);
  const [accessKeyId, secretAccessKey] = process.env.VIEWER_KEY.split(":");
  const viewer = new LambdaClient({ ...settings, credentials: { accessKeyId, secretAccessKey } });
  const asked = viewer.send(new InvokeCommand({ FunctionName, InvocationType: "DryRun" }));
  await refused(asked, "AccessDeniedException", 403);
});

test("what cannot be a call is refused", async () => {
  await refused(call({ FunctionName: "js-nobody" }), "ResourceNotFoundException", 404);
  await refused(call({ Payload: "{" }), "InvalidRequestContentException", 400);
  await refused(call({ Qualifier: "7" }), "ResourceNotFoundException", 404);
  const large = JSON.stringify("x".repeat(1024 * 1024));
  await refused(call({ InvocationType: "Event", Payload: large }), "RequestTooLargeException", 413);
  const forged = new LambdaClient({ ...settings, credentials: { accessKeyId: "AKIANOBODY", secretAccessKey: "x" } });
  await refused(forged.send(new InvokeCommand({ FunctionName })), "UnrecognizedClientException", 403);
});

test("a function is called by its ARN, whole and in part", async () => {
  const arn = `arn:aws:lambda:us-east-1:${account}:function:${FunctionName}`;
  for (const name of [arn, `${arn}:$LATEST`, `${account}:function:${FunctionName}`]) {
    assert.equal((await call({ FunctionName: name })).StatusCode, 200, name);
  }
});

test("an answer is streamed as the function writes it", async () => {
  const asked = { FunctionName: "js-streams", Payload: JSON.stringify({ words: ["one ", "two ", "three"] }) };
  const answer = await client.send(new InvokeWithResponseStreamCommand({ ...asked, LogType: "Tail" }));
  const chunks = [];
  let complete;
  for await (const event of answer.EventStream) {
    if (event.PayloadChunk) chunks.push(text(event.PayloadChunk.Payload));
    if (event.InvokeComplete) complete = event.InvokeComplete;
  }
  assert.equal(chunks.join(""), "one two three");
  assert.ok(complete, "the stream ends with InvokeComplete");
  assert.match(Buffer.from(complete.LogResult, "base64").toString(), /REPORT RequestId/);
  const nobody = client.send(new InvokeWithResponseStreamCommand({ FunctionName: "js-nobody" }));
  await refused(nobody, "ResourceNotFoundException", 404);
});
