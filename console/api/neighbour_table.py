"""Which operations of Lambda's neighbours there are. What a model knows and this table does not answers
NotImplemented."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from console.api.call import Call
from console.api.operations import sts

Operation = Callable[[Call], dict[str, Any]]

OPERATIONS: Mapping[str, Operation] = {
    "sts:GetCallerIdentity": sts.get_caller_identity,
}
