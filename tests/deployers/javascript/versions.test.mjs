// Versions, aliases, function URLs, policies, concurrency, tags and the account.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import * as lambda from "@aws-sdk/client-lambda";

import { account, active, changed, client, json, paged, plan, refused, updated } from "./shared.mjs";

const FunctionName = "js-settled";
const arn = `arn:aws:lambda:us-east-1:${account}:function:${FunctionName}`;
const send = (name, more = {}) => client.send(new lambda[`${name}Command`]({ FunctionName, ...more }));
const missing = "ResourceNotFoundException";

before(async () => {
  await client.send(new lambda.CreateFunctionCommand(plan(FunctionName, { Publish: true })));
  await active(FunctionName);
});
after(() => send("DeleteFunction"));

test("versions are numbered, do not change, and are listed in pages", async () => {
  await send("UpdateFunctionCode", { ZipFile: changed });
  await updated(FunctionName);
  const second = await send("PublishVersion", { Description: "second" });
  assert.deepEqual([second.Version, second.FunctionArn], ["2", `${arn}:2`]);
  assert.equal((await send("PublishVersion")).Version, "2", "the same code is the same version");
  const pages = lambda.paginateListVersionsByFunction({ client, pageSize: 1 }, { FunctionName });
  const { found } = await paged(pages, "Versions");
  assert.deepEqual(found.map((row) => row.Version), ["$LATEST", "1", "2"]);
  const first = await send("Invoke", { Qualifier: "1" });
  assert.deepEqual([first.ExecutedVersion, json(first.Payload).event], ["1", {}]);
  await refused(send("PublishVersion", { CodeSha256: "x".repeat(43) + "=" }), "InvalidParameterValueException", 400);
});

test("an alias moves from version to version and shares calls between two", async () => {
  const made = await send("CreateAlias", { Name: "prod", FunctionVersion: "1" });
  assert.equal(made.AliasArn, `${arn}:prod`);
  await refused(send("CreateAlias", { Name: "prod", FunctionVersion: "1" }), "ResourceConflictException", 409);
  await refused(send("CreateAlias", { Name: "other", FunctionVersion: "9" }), missing, 404);
  const RoutingConfig = { AdditionalVersionWeights: { 2: 0.5 } };
  const moved = await send("UpdateAlias", { Name: "prod", RoutingConfig, RevisionId: made.RevisionId });
  assert.deepEqual(moved.RoutingConfig, RoutingConfig);
  const stale = send("UpdateAlias", { Name: "prod", FunctionVersion: "2", RevisionId: made.RevisionId });
  await refused(stale, "PreconditionFailedException", 412);
  await send("UpdateAlias", { Name: "prod", FunctionVersion: "2", RoutingConfig: {} });
  assert.equal((await send("GetAlias", { Name: "prod" })).FunctionVersion, "2");
  assert.equal((await send("Invoke", { Qualifier: "prod" })).ExecutedVersion, "2");
  await send("CreateAlias", { Name: "beta", FunctionVersion: "1" });
  const { found, count } = await paged(lambda.paginateListAliases({ client, pageSize: 1 }, { FunctionName }), "Aliases");
  assert.deepEqual([found.map((row) => row.Name), count], [["beta", "prod"], 2]);
  await send("DeleteAlias", { Name: "beta" });
  await refused(send("GetAlias", { Name: "beta" }), missing, 404);
});

test("a URL for everybody answers once the policy allows it", async () => {
  const made = await send("CreateFunctionUrlConfig", { AuthType: "NONE", Cors: { AllowOrigins: ["*"] } });
  await refused(send("CreateFunctionUrlConfig", { AuthType: "NONE" }), "ResourceConflictException", 409);
  assert.equal((await fetch(made.FunctionUrl)).status, 403);
  const statement = { StatementId: "open", Action: "lambda:InvokeFunctionUrl", Principal: "*" };
  await send("AddPermission", { ...statement, FunctionUrlAuthType: "NONE" });
  await refused(send("AddPermission", statement), "ResourceConflictException", 409);
  const until = Date.now() + 20_000;
  while ((await fetch(made.FunctionUrl)).status !== 200 && Date.now() < until);
  assert.deepEqual(await (await fetch(made.FunctionUrl)).json(), { changed: true });
  const policy = JSON.parse((await send("GetPolicy")).Policy);
  assert.deepEqual(policy.Statement.map((one) => one.Sid), ["open"]);
  assert.equal((await send("GetFunctionUrlConfig")).AuthType, "NONE");
  assert.equal((await send("UpdateFunctionUrlConfig", { AuthType: "AWS_IAM" })).AuthType, "AWS_IAM");
  assert.equal((await send("ListFunctionUrlConfigs")).FunctionUrlConfigs.length, 1);
  await send("DeleteFunctionUrlConfig");
  await refused(send("GetFunctionUrlConfig"), missing, 404);
  await send("RemovePermission", { StatementId: "open" });
  await refused(send("RemovePermission", { StatementId: "open" }), missing, 404);
  await refused(send("GetPolicy"), missing, 404);
});

test("concurrency is reserved, seen and given back", async () => {
  await send("PutFunctionConcurrency", { ReservedConcurrentExecutions: 3 });
  assert.equal((await send("GetFunctionConcurrency")).ReservedConcurrentExecutions, 3);
  const settings = await client.send(new lambda.GetAccountSettingsCommand({}));
  const { ConcurrentExecutions, UnreservedConcurrentExecutions } = settings.AccountLimit;
  assert.ok(UnreservedConcurrentExecutions <= ConcurrentExecutions - 3);
  const all = send("PutFunctionConcurrency", { ReservedConcurrentExecutions: ConcurrentExecutions });
  await refused(all, "InvalidParameterValueException", 400);
  await send("DeleteFunctionConcurrency");
  assert.equal((await send("GetFunctionConcurrency")).ReservedConcurrentExecutions, undefined);
});

test("tags are added, listed and taken off", async () => {
  const Resource = arn;
  await send("TagResource", { Resource, Tags: { a: "1", b: "2" } });
  await send("UntagResource", { Resource, TagKeys: ["a"] });
  assert.deepEqual((await send("ListTags", { Resource })).Tags, { b: "2" });
  await refused(send("ListTags", { Resource: `${arn}-nobody` }), missing, 404);
});

test("what is kept of loops and of signed code", async () => {
  assert.equal((await send("GetFunctionRecursionConfig")).RecursiveLoop, "Terminate");
  await send("PutFunctionRecursionConfig", { RecursiveLoop: "Allow" });
  assert.equal((await send("GetFunctionRecursionConfig")).RecursiveLoop, "Allow");
  assert.equal((await send("GetFunctionCodeSigningConfig")).CodeSigningConfigArn ?? "", "");
});
