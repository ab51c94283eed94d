"""Functions told of changes in a bucket: their events are stored before the change is committed, so that no change
that anybody was told of goes without them."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from functions import lineage
from functions.ids import new_id
from functions.models import Bucket
from functions.naming import parse_reference
from functions.object_notifications import Change, event_of, meant
from functions.queues import enqueue_drain
from functions.records import AcceptedEvent
from functions.services.event_rules import target_function
from functions.services.events import store_accepted
from functions.snapshots import Principal
from functions.states import RecursiveLoop, TriggerKind

log = logging.getLogger("functory.buckets")


def tell(*, acting: Principal, bucket: Bucket, changes: Sequence[Change], trace: str = "") -> None:
    """To be called last in the transaction of the changes. `trace` is the caller's trace header, by which a function
    that writes into its own bucket is stopped."""
    told = [
        event
        for change in changes
        for configuration in meant(bucket.notifications, change)
        if (event := _accepted(acting, bucket, configuration, change, trace)) is not None
    ]
    if told:
        store_accepted(told)
        transaction.on_commit(enqueue_drain, robust=True)


def _accepted(
    acting: Principal, bucket: Bucket, configuration: Mapping[str, Any], change: Change, trace: str
) -> AcceptedEvent | None:
    arn = configuration["LambdaFunctionArn"]
    function = target_function(bucket.project, arn)
    if function is None:
        log.warning("bucket %s: %s does not exist", bucket.name, arn)
        return None
    extended, calls = lineage.extended(trace, str(function.pk))
    if calls > lineage.MOST_CALLS and function.recursive_loop == RecursiveLoop.TERMINATE:
        log.warning("bucket %s: a recursive loop through %s ends here", bucket.name, function.name)
        return None
    event = event_of(
        change,
        bucket=bucket.name,
        configuration_id=configuration["Id"],
        account=bucket.project.account,
        region=bucket.region,
        caller=f"AWS:{acting.name}",
    )
    return AcceptedEvent(
        event_id=str(new_id()),
        project_id=str(bucket.project_id),
        function_id=str(function.pk),
        qualifier=parse_reference(arn).qualifier,
        trigger=TriggerKind.BUCKET,
        trigger_id=str(bucket.pk),
        accepted_us=int(timezone.now().timestamp() * 1_000_000),
        payload=json.dumps(event),
        trace_id=extended.lstrip(";"),
    )
