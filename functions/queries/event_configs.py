"""How events of functions are treated, for whoever decides what becomes of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from uuid import UUID

from functions.models import EventInvokeConfig
from functions.naming import is_latest
from functions.retry import DEFAULT_POLICY, Policy

Key = tuple[UUID, str]


def key_of(function_id: UUID, qualifier: str) -> Key:
    """Function and qualifier, with one spelling of $LATEST."""
    return function_id, "" if is_latest(qualifier) else qualifier


def event_configs(function_ids: Collection[UUID]) -> Mapping[Key, EventInvokeConfig]:
    """All configurations of these functions, by function and qualifier."""
    rows = EventInvokeConfig.objects.filter(function_id__in=function_ids)
    return {(row.function_id, row.qualifier): row for row in rows}


def policy_of(config: EventInvokeConfig | None) -> Policy:
    """Retries and age of a configuration, with AWS's defaults for what it leaves out."""
    if config is None:
        return DEFAULT_POLICY
    age = DEFAULT_POLICY.max_age if config.max_age_s is None else timedelta(seconds=config.max_age_s)
    return Policy(DEFAULT_POLICY.retries if config.retries is None else config.retries, age)
