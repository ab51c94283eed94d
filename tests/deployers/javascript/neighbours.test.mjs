// Lambda's neighbours: identities, queues, buckets, rules and logs around a function.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import * as events from "@aws-sdk/client-eventbridge";
import * as iam from "@aws-sdk/client-iam";
import * as lambda from "@aws-sdk/client-lambda";
import * as logs from "@aws-sdk/client-cloudwatch-logs";
import * as s3 from "@aws-sdk/client-s3";
import * as sqs from "@aws-sdk/client-sqs";
import * as sts from "@aws-sdk/client-sts";

import { account, active, client, json, paged, plan, refused, settings } from "./shared.mjs";

const FunctionName = "js-fed";
const queues = new sqs.SQSClient(settings);
const buckets = new s3.S3Client(settings);
const bus = new events.EventBridgeClient(settings);
const roles = new iam.IAMClient(settings);
const groups = new logs.CloudWatchLogsClient(settings);
const identities = new sts.STSClient(settings);
let made;

before(async () => {
  made = await client.send(new lambda.CreateFunctionCommand(plan(FunctionName)));
  await active(FunctionName);
});
after(() => client.send(new lambda.DeleteFunctionCommand({ FunctionName })));

/** Waits until the function has logged the words. */
async function logged(words) {
  const ask = { logGroupName: `/aws/lambda/${FunctionName}`, filterPattern: `"${words}"` };
  const until = Date.now() + 90_000;
  while (Date.now() < until) {
    if ((await groups.send(new logs.FilterLogEventsCommand(ask))).events.length > 0) return;
  }
  assert.fail(`${words} was not logged`);
}

test("who calls, and a role that is taken on", async () => {
  assert.equal((await identities.send(new sts.GetCallerIdentityCommand({}))).Account, account);
  const trust = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { AWS: account } }] };
  const RoleName = "js-role";
  const role = await roles.send(new iam.CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  await refused(
    roles.send(new iam.CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) })),
    "EntityAlreadyExistsException",
    409,
  );
  const allow = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "lambda:Invoke*", Resource: made.FunctionArn }] };
  const PolicyName = "calls";
  await roles.send(new iam.PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: JSON.stringify(allow) }));
  const taken = await identities.send(new sts.AssumeRoleCommand({ RoleArn: role.Role.Arn, RoleSessionName: "js" }));
  const { AccessKeyId, SecretAccessKey, SessionToken } = taken.Credentials;
  const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  const limited = new lambda.LambdaClient({ ...settings, credentials });
  const answer = await limited.send(new lambda.InvokeCommand({ FunctionName, Payload: '{"n":1}' }));
  assert.deepEqual(json(answer.Payload).event, { n: 1 });
  await refused(limited.send(new lambda.ListFunctionsCommand({})), "AccessDeniedException", 403);
  await roles.send(new iam.DeleteRolePolicyCommand({ RoleName, PolicyName }));
  await roles.send(new iam.DeleteRoleCommand({ RoleName }));
  await refused(roles.send(new iam.GetRoleCommand({ RoleName })), "NoSuchEntityException", 404);
});

test("messages of a queue call the function", async () => {
  const QueueName = "js-orders";
  const { QueueUrl } = await queues.send(new sqs.CreateQueueCommand({ QueueName }));
  const sent = await queues.send(
    new sqs.SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: "1", MessageBody: "first-order" }] }),
  );
  assert.equal(sent.Successful.length, 1);
  const EventSourceArn = `arn:aws:sqs:us-east-1:${account}:${QueueName}`;
  const mapping = await client.send(new lambda.CreateEventSourceMappingCommand({ FunctionName, EventSourceArn }));
  await logged("first-order");
  const { found } = await paged(lambda.paginateListEventSourceMappings({ client }, { FunctionName }), "EventSourceMappings");
  assert.deepEqual(found.map((row) => row.UUID), [mapping.UUID]);
  await client.send(new lambda.DeleteEventSourceMappingCommand({ UUID: mapping.UUID }));
  await queues.send(new sqs.DeleteQueueCommand({ QueueUrl }));
  await refused(queues.send(new sqs.GetQueueUrlCommand({ QueueName })), "QueueDoesNotExist", 400);
});

test("objects are put, listed in pages, read, and told of", async () => {
  const Bucket = "js-papers";
  await buckets.send(new s3.CreateBucketCommand({ Bucket }));
  const LambdaFunctionConfigurations = [{ LambdaFunctionArn: made.FunctionArn, Events: ["s3:ObjectCreated:*"] }];
  const NotificationConfiguration = { LambdaFunctionConfigurations };
  await buckets.send(new s3.PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
  for (const Key of ["a/1.txt", "a/2.txt", "b.txt"]) {
    await buckets.send(new s3.PutObjectCommand({ Bucket, Key, Body: `this is ${Key}`, ContentType: "text/plain" }));
  }
  await logged("a/2.txt");
  const { found, count } = await paged(
    s3.paginateListObjectsV2({ client: buckets, pageSize: 1 }, { Bucket, Prefix: "a/" }),
    "Contents",
  );
  assert.deepEqual([found.map((row) => row.Key), count], [["a/1.txt", "a/2.txt"], 2]);
  const read = await buckets.send(new s3.GetObjectCommand({ Bucket, Key: "b.txt", Range: "bytes=0-3" }));
  assert.deepEqual([await read.Body.transformToString(), read.ContentType], ["this", "text/plain"]);
  const Delete = { Objects: ["a/1.txt", "a/2.txt", "b.txt"].map((Key) => ({ Key })) };
  assert.equal((await buckets.send(new s3.DeleteObjectsCommand({ Bucket, Delete }))).Deleted.length, 3);
  await refused(buckets.send(new s3.GetObjectCommand({ Bucket, Key: "b.txt" })), "NoSuchKey", 404);
  await buckets.send(new s3.DeleteBucketCommand({ Bucket }));
  await refused(buckets.send(new s3.ListObjectsV2Command({ Bucket })), "NoSuchBucket", 404);
});

test("a rule tells the function of an event", async () => {
  const Name = "js-rule";
  const EventPattern = JSON.stringify({ source: ["js.shop"] });
  await bus.send(new events.PutRuleCommand({ Name, EventPattern }));
  await bus.send(new events.PutTargetsCommand({ Rule: Name, Targets: [{ Id: "1", Arn: made.FunctionArn }] }));
  const Entries = [{ Source: "js.shop", DetailType: "Order", Detail: JSON.stringify({ word: "rule-told" }) }];
  assert.equal((await bus.send(new events.PutEventsCommand({ Entries }))).FailedEntryCount, 0);
  await logged("rule-told");
  await bus.send(new events.RemoveTargetsCommand({ Rule: Name, Ids: ["1"] }));
  await bus.send(new events.DeleteRuleCommand({ Name }));
  await refused(bus.send(new events.DescribeRuleCommand({ Name })), "ResourceNotFoundException", 400);
});
