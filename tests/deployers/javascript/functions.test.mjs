// Functions from creating to deleting, as a deployer written in JavaScript does it.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";

import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  ListFunctionsCommand,
  ResourceConflictException,
  ResourceNotFoundException,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  paginateListFunctions,
} from "@aws-sdk/client-lambda";

import { active, changed, client, echo, json, paged, plan, refused, updated } from "./shared.mjs";

const FunctionName = "js-made";
let made;

before(async () => {
  made = await client.send(new CreateFunctionCommand(plan(FunctionName, { Tags: { team: "js" }, Timeout: 9 })));
  await active(FunctionName);
});
after(() => client.send(new DeleteFunctionCommand({ FunctionName })));

test("a function is Pending, then Active, and its code is kept byte for byte", async () => {
  assert.equal(made.State, "Pending");
  assert.equal(made.CodeSha256, createHash("sha256").update(echo).digest("base64"));
  const found = await client.send(new GetFunctionCommand({ FunctionName }));
  assert.equal(found.Configuration.State, "Active");
  assert.deepEqual(found.Tags, { team: "js" });
  assert.deepEqual(Buffer.from(await (await fetch(found.Code.Location)).arrayBuffer()), echo);
});

test("a second one of the name is a conflict, and one that is not there is not found", async () => {
  const twice = client.send(new CreateFunctionCommand(plan(FunctionName)));
  assert.ok((await refused(twice, "ResourceConflictException", 409)) instanceof ResourceConflictException);
  const nobody = client.send(new GetFunctionCommand({ FunctionName: "js-nobody" }));
  const error = await refused(nobody, "ResourceNotFoundException", 404);
  assert.ok(error instanceof ResourceNotFoundException);
  assert.equal(error.Type, "User");
});

test("what is no function is refused before anything is made", async () => {
  const short = client.send(new CreateFunctionCommand(plan("js-wrong", { MemorySize: 1 })));
  await refused(short, "InvalidParameterValueException", 400);
  const none = client.send(new CreateFunctionCommand({ ...plan("js-wrong"), Runtime: undefined }));
  await refused(none, "InvalidParameterValueException", 400);
  const broken = client.send(new CreateFunctionCommand(plan("js-wrong", { Code: { ZipFile: Buffer.from("no") } })));
  await refused(broken, "InvalidParameterValueException", 400);
  await refused(client.send(new GetFunctionCommand({ FunctionName: "js-wrong" })), "ResourceNotFoundException", 404);
});

test("new code and settings are updates that are waited for", async () => {
  const dry = await client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: changed, DryRun: true }));
  assert.equal(dry.CodeSha256, createHash("sha256").update(changed).digest("base64"));
  const before = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
  assert.equal(before.CodeSha256, made.CodeSha256);
  const update = new UpdateFunctionCodeCommand({ FunctionName, ZipFile: changed });
  assert.equal((await client.send(update)).LastUpdateStatus, "InProgress");
  await refused(client.send(update), "ResourceConflictException", 409);
  await updated(FunctionName);
  const answer = await client.send(new InvokeCommand({ FunctionName }));
  assert.deepEqual(json(answer.Payload), { changed: true });
  const wanted = { FunctionName, MemorySize: 256, Timeout: 7, Environment: { Variables: { NAME: "x" } } };
  await client.send(new UpdateFunctionConfigurationCommand(wanted));
  await updated(FunctionName);
  const shown = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
  assert.deepEqual([shown.MemorySize, shown.Timeout, shown.Environment], [256, 7, { Variables: { NAME: "x" } }]);
  const stale = { FunctionName, Timeout: 8, RevisionId: before.RevisionId };
  await refused(client.send(new UpdateFunctionConfigurationCommand(stale)), "PreconditionFailedException", 412);
});

test("lists come in pages", async () => {
  const others = ["js-page-one", "js-page-two"];
  for (const name of others) await client.send(new CreateFunctionCommand(plan(name)));
  const { found, count } = await paged(paginateListFunctions({ client, pageSize: 1 }, {}), "Functions");
  const names = found.map((row) => row.FunctionName);
  assert.equal(count, names.length);
  for (const name of [FunctionName, ...others]) assert.ok(names.includes(name), name);
  for (const name of others) await client.send(new DeleteFunctionCommand({ FunctionName: name }));
  const wrong = client.send(new ListFunctionsCommand({ Marker: "nonsense" }));
  await refused(wrong, "InvalidParameterValueException", 400);
});
