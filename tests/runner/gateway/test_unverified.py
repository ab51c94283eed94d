"""Where signatures are not verified: who a request says it is, is believed, and judged as ever."""

import asyncio

from runner.gateway.unverified import Unverified
from tests.runner.gateway.doors import Doors, error

CALL = "/2015-03-31/functions/hello/invocations"
DRY = {"X-Amz-Invocation-Type": "DryRun"}


def run(tmp_path, body):
    async def main():
        doors = Doors(tmp_path, authorizer=Unverified)
        await doors.open()
        try:
            await asyncio.wait_for(body(doors), 30)
        finally:
            await doors.close()

    asyncio.run(main())


def test_a_wrong_secret_and_a_wrong_token_are_believed(tmp_path):
    async def body(doors):
        assert (await doors.signed("POST", CALL, b"{}", DRY, secret="other"))[0] == 204
        token = {"X-Amz-Security-Token": "made up", **DRY}
        assert (await doors.signed("POST", CALL, b"{}", token, secret="other"))[0] == 204

    run(tmp_path, body)


def test_rights_count_as_ever_and_a_request_says_who_calls(tmp_path):
    async def body(doors):
        refused = await doors.signed("POST", CALL, b"{}", DRY, key="AKIVIEW", secret="other")
        assert error(refused)[:2] == (403, "AccessDeniedException")
        nobody = await doors.signed("POST", CALL, b"{}", key="AKINONE")
        assert error(nobody)[1] == "UnrecognizedClientException"
        unsigned = await doors.request("POST", CALL, b"{}")
        assert error(unsigned)[1] == "MissingAuthenticationTokenException"
        broken = {"authorization": "AWS4-HMAC-SHA256 nonsense"}
        assert error(await doors.request("POST", CALL, b"{}", broken))[1] == "IncompleteSignatureException"

    run(tmp_path, body)
