"""Callers that act as an IAM role: keys of AssumeRole at the door, and what policies leave of Invoke."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import uuid4

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from functions.policies import INVOKE, read_statement, statement_document
from functions.policy_documents import read_permissions
from functions.snapshots import KeySnapshot, Principal, Route
from functions.tokens import token_hash
from runner.gateway.announcements import Announcements
from runner.gateway.invocation import now_us
from tests.runner.gateway.boxes import ACCOUNT, ended, snapshot
from tests.runner.gateway.doors import SECRET, Doors, error, serve

PROJECT = str(uuid4())
TOKEN = "a-long-token"
MINE = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:hello"


def policies(*statements):
    return read_permissions(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


def allow(resource="*", effect="Allow", action=INVOKE):
    return {"Effect": effect, "Action": action, "Resource": resource}


def session(rank="developer", expires_us=0, project=PROJECT):
    who = Principal("session", "ASIASESSION", "clerk/work", project, ACCOUNT, rank)
    return KeySnapshot("ASIASESSION", SECRET, who, expires_us or now_us() + 60_000_000, token_hash(TOKEN))


@pytest.fixture
def run(tmp_path):
    def runner(body):
        def make():
            doors = Doors(tmp_path, answer=lambda call: ended(response=call.payload))
            doors.table.keys["ASIASESSION"] = session()
            for qualifier in ("", "live"):
                route = Route(qualifier, "", ((snapshot(project_id=PROJECT), 1.0),))
                doors.table.routes["hello", qualifier] = route
            return doors

        serve(make, body)

    return runner


async def invoke(doors, token=TOKEN, **more):
    return await doors.invoke(key="ASIASESSION", token=token, **more)


def test_a_session_needs_its_token(run):
    async def body(doors):
        assert (await invoke(doors))[0] == 200
        for token in (None, "another"):
            answer = error(await invoke(doors, token=token))
            assert answer[:2] == (403, "UnrecognizedClientException")
        assert error(await doors.invoke(key="AKIDEV", token=TOKEN))[1] == "UnrecognizedClientException"

    run(body)


def test_also_in_a_presigned_address(run):
    async def body(doors):
        path = "/2015-03-31/functions/hello/invocations"
        for token, status in ((TOKEN, 200), ("another", 403)):
            request = AWSRequest("POST", f"http://127.0.0.1:{doors.port}{path}", data=b"")
            credentials = Credentials("ASIASESSION", SECRET, token)
            SigV4QueryAuth(credentials, "lambda", "us-east-1").add_auth(request)
            target = request.url.partition(str(doors.port))[2]
            assert "X-Amz-Security-Token" in target
            assert (await doors.request("POST", target))[0] == status

    run(body)


def test_when_it_is_over_that_is_said(run):
    async def body(doors):
        doors.table.keys["ASIASESSION"] = session(expires_us=now_us() - 1)
        answer = error(await invoke(doors))
        assert answer == (
            403,
            "ExpiredTokenException",
            "The security token included in the request is expired",
        )

    run(body)


def test_a_role_that_exists_takes_away_what_its_policies_do_not_allow(run):
    async def body(doors):
        doors.table.roles["clerk"] = policies()
        answer = error(await invoke(doors))
        assert answer[:2] == (403, "AccessDeniedException")
        assert answer[2] == (
            f"User: arn:aws:sts::{ACCOUNT}:assumed-role/clerk/work is not authorized to perform: {INVOKE} on "
            f"resource: {MINE} because no identity-based policy allows the {INVOKE} action"
        )

    run(body)


@pytest.mark.parametrize(
    ("statements", "qualifier", "status"),
    [
        ([allow()], "", 200),
        ([allow(MINE)], "", 200),
        ([allow(MINE)], "live", 403),
        ([allow(f"{MINE}:*")], "live", 200),
        ([allow(f"{MINE}:*")], "", 403),
        ([allow(action="lambda:Get*")], "", 403),
        ([allow(), allow(MINE, "Deny")], "", 403),
    ],
)
def test_policies(run, statements, qualifier, status):
    async def body(doors):
        doors.table.roles["clerk"] = policies(*statements)
        query = f"?Qualifier={qualifier}" if qualifier else ""
        assert (await invoke(doors, query=query))[0] == status

    run(body)


def test_a_deny_counts_more_than_the_functions_own_policy(run):
    async def body(doors):
        document = statement_document("s", INVOKE, f"arn:aws:iam::{ACCOUNT}:role/clerk")
        stated = (read_statement(document),)
        doors.table.routes["hello", ""] = Route("", "", ((snapshot(project_id=PROJECT), 1.0),), stated)
        doors.table.roles["clerk"] = policies()
        assert (await invoke(doors))[0] == 200
        doors.catalog.role_changed(f"{PROJECT}/clerk")
        doors.table.roles["clerk"] = policies(allow("*", "Deny"))
        answer = error(await invoke(doors))
        assert (answer[0], "with an explicit deny in an identity-based policy" in answer[2]) == (403, True)

    run(body)


def test_policies_give_nobody_more_than_they_have(run):
    async def body(doors):
        doors.table.keys["ASIASESSION"] = session(rank="viewer")
        doors.table.roles["clerk"] = policies(allow())
        assert error(await invoke(doors))[:2] == (403, "AccessDeniedException")

    run(body)


def test_a_key_of_a_role_that_is_gone_does_nothing(run):
    async def body(doors):
        doors.table.keys["ASIASESSION"] = replace(session(), needs_role=True)
        assert error(await invoke(doors))[:2] == (403, "UnrecognizedClientException")
        doors.table.roles["clerk"] = policies(allow())
        doors.catalog.role_changed(f"{PROJECT}/clerk")
        assert (await invoke(doors))[0] == 200

    run(body)


def test_a_change_of_policies_is_heard(run):
    async def body(doors):
        announcements = Announcements(None, "x", doors.catalog)
        assert (await invoke(doors))[0] == 200
        doors.table.roles["clerk"] = policies()
        assert (await invoke(doors))[0] == 200  # nobody has told yet
        announcements.heard(json.dumps({"role": f"{PROJECT}/clerk"}).encode())
        assert (await invoke(doors))[0] == 403

    run(body)
