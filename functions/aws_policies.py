"""AWS's own managed policies that Lambda's roles use, as AWS publishes them: documents by name. Pure.
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).with_name("aws_policies.json")
_PREFIX = "arn:aws:iam::aws:policy"


@dataclass(frozen=True, slots=True)
class AwsPolicy:
    """One of them, in its present version."""

    name: str
    path: str
    version: str
    created_at: datetime
    changed_at: datetime
    document: str

    @property
    def arn(self) -> str:
        """`arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole`."""
        return f"{_PREFIX}{self.path}{self.name}"


@lru_cache(maxsize=1)
def aws_policies() -> Mapping[str, AwsPolicy]:
    """All there are, by name."""
    return {
        name: AwsPolicy(
            name=name,
            path=one["Path"],
            version=one["DefaultVersionId"],
            created_at=datetime.fromisoformat(one["CreateDate"]),
            changed_at=datetime.fromisoformat(one["UpdateDate"]),
            document=json.dumps(one["Document"], indent=4),
        )
        for name, one in json.loads(_FILE.read_text()).items()
    }


def aws_policy(arn: str) -> AwsPolicy | None:
    """The one of that ARN."""
    found = aws_policies().get(arn.rpartition("/")[2])
    return found if found is not None and found.arn == arn else None
