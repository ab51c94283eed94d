"""Which functions a bucket tells of a change, and what it tells them: AWS's NotificationConfiguration and S3's event.
Pure. https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

from functions.object_errors import InvalidArgument

CREATED_PUT = "ObjectCreated:Put"
CREATED_COPY = "ObjectCreated:Copy"
CREATED_MULTIPART = "ObjectCreated:CompleteMultipartUpload"
REMOVED = "ObjectRemoved:Delete"
# What may be asked for; a bucket without versions makes no delete markers, and none is posted by a form.
_NAMES = frozenset(
    {
        "s3:ObjectCreated:*", "s3:ObjectCreated:Post", "s3:ObjectRemoved:*", "s3:ObjectRemoved:DeleteMarkerCreated",
        *(f"s3:{name}" for name in (CREATED_PUT, CREATED_COPY, CREATED_MULTIPART, REMOVED)),
    }
)  # fmt: skip
_MOST = 100  # configurations of a bucket, as S3
_LONGEST_FILTER = 1024


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to an object; `sequencer` is hex that grows from change to change."""

    name: str
    key: str
    size: int
    etag: str
    sequencer: str
    at: datetime


def check(configurations: list[Mapping[str, Any]]) -> None:
    """Raises InvalidArgument for LambdaFunctionConfigurations that S3 would not take. That the functions exist is
    the service's to see."""
    if len(configurations) > _MOST:
        raise InvalidArgument(f"A bucket has at most {_MOST} notification configurations.")
    ids = [one["Id"] for one in configurations]
    if len(set(ids)) < len(ids):
        raise InvalidArgument("Same ID used for multiple configurations. IDs must be unique")
    for one in configurations:
        unknown = sorted(set(one["Events"]) - _NAMES)
        if unknown:
            raise InvalidArgument(
                f"The event {unknown[0][:100]} is not supported for notifications by Functory."
            )
        names = [name for name, _ in rules_of(one)]
        if len(set(names)) < len(names) or set(names) - {"prefix", "suffix"}:
            raise InvalidArgument("filter rule name must be either prefix or suffix, each at most once")
        if any(len(value.encode()) > _LONGEST_FILTER for _, value in rules_of(one)):
            raise InvalidArgument("The size of filter rule value cannot exceed 1024 bytes in UTF-8")


def meant(notifications: Mapping[str, Any], change: Change) -> list[Mapping[str, Any]]:
    """The configurations whose events and filters mean the change."""
    found: list[Mapping[str, Any]] = notifications.get("LambdaFunctionConfigurations", [])
    return [one for one in found if _is_named(one, change.name) and _passes(one, change.key)]


def _is_named(configuration: Mapping[str, Any], name: str) -> bool:
    kind = name.partition(":")[0]
    return bool({f"s3:{name}", f"s3:{kind}:*"} & set(configuration["Events"]))


def _passes(configuration: Mapping[str, Any], key: str) -> bool:
    return all(
        key.startswith(value) if name == "prefix" else key.endswith(value)
        for name, value in rules_of(configuration)
    )


def rules_of(configuration: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The filter's rules; S3 takes their names in any case."""
    rules = configuration.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    for rule in rules:
        yield rule.get("Name", "").lower(), rule.get("Value", "")


def event_of(
    change: Change, *, bucket: str, configuration_id: str, account: str, region: str, caller: str
) -> dict[str, Any]:
    """S3's event for a function. The key is encoded as in a form, as S3 does; `caller` is whoever made the change."""
    told: dict[str, Any] = {"key": quote_plus(change.key, safe="/"), "sequencer": change.sequencer}
    if change.name != REMOVED:
        told = {"key": told["key"], "size": change.size, "eTag": change.etag, "sequencer": change.sequencer}
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": region,
        "eventTime": change.at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{change.at.microsecond // 1000:03d}Z",
        "eventName": change.name,
        "userIdentity": {"principalId": caller},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": change.sequencer, "x-amz-id-2": change.sequencer},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration_id,
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": account},
                "arn": f"arn:aws:s3:::{bucket}",
            },
            "object": told,
        },
    }
    return {"Records": [record]}
