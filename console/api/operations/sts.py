"""STS: who calls."""

from __future__ import annotations

from typing import Any

from console.api.call import Call
from functions.ids import iam_id

Output = dict[str, Any]


def get_caller_identity(call: Call) -> Output:
    """Account, ARN and unique id of the caller."""
    acting = call.principal
    return {"UserId": iam_id("AIDA", acting.id), "Account": acting.account, "Arn": acting.arn}
