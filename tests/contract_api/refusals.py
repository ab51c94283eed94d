"""How an unmodified SDK sees a refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import botocore.exceptions
import pytest


def refused(call: Callable[..., Any], **parameters: Any) -> tuple[str, int, str]:
    """Error type, HTTP status and message of a call that must be refused."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**parameters)
    response = caught.value.response
    code, message = response["Error"]["Code"], response["Error"].get("Message", "")
    return code, response["ResponseMetadata"]["HTTPStatusCode"], message
