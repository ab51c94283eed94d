"""Webhooks made, changed, paused and removed. How they are signed is functions.webhooks'."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction

from functions.errors import InvalidParameterValue, ResourceConflict
from functions.installation import vault
from functions.models import Function, Webhook
from functions.naming import check_title, is_latest, new_url_id
from functions.queues import announce_change
from functions.services.guard import record, require
from functions.services.triggers import check_target
from functions.snapshots import Principal
from functions.states import LIVE_ALIAS, HookDelivery, HookProvider, Role
from functions.webhooks import check_header, check_secret

MOST_OF_A_FUNCTION = 50


@transaction.atomic
def create_webhook(
    *,
    acting: Principal,
    function: Function,
    name: str,
    provider: str,
    secret: str,
    delivery: str = HookDelivery.EVENT,
    header: str = "",
    qualifier: str = LIVE_ALIAS,
) -> Webhook:
    """An address for one sender; raises InvalidParameterValue with the field, or ResourceConflict."""
    require(acting, Role.DEVELOPER, function.project_id)
    check_target(function, qualifier)
    if Webhook.objects.filter(function=function).count() >= MOST_OF_A_FUNCTION:
        raise ResourceConflict(f"The function has {MOST_OF_A_FUNCTION} webhooks already: delete one first.")
    provider = _one_of(HookProvider.values, provider, "provider")
    hook = Webhook(
        function=function,
        name=check_title(name, "A webhook's name"),
        hook_id=new_url_id(),
        provider=provider,
        delivery=_one_of(HookDelivery.values, delivery, "delivery"),
        header=check_header(provider, header),
        secret=vault().seal(check_secret(provider, secret)),
        qualifier="" if is_latest(qualifier) else qualifier,
        created_by_id=acting.user_id,
    )
    try:
        with transaction.atomic():
            hook.save(force_insert=True)
    except IntegrityError:
        raise ResourceConflict(
            f"There is a webhook {hook.name} already: choose another name.", field="name"
        ) from None
    _note(acting, "webhook.create", hook, after={"provider": hook.provider, "delivery": hook.delivery})
    return hook


@transaction.atomic
def change_secret(*, acting: Principal, webhook: Webhook, secret: str) -> None:
    """What the sender signs with from now on; the old secret is refused at once."""
    require(acting, Role.DEVELOPER, webhook.function.project_id)
    webhook.secret = vault().seal(check_secret(webhook.provider, secret))
    webhook.save(update_fields=["secret", "changed_at"])
    _note(acting, "webhook.secret", webhook)


@transaction.atomic
def pause_webhook(*, acting: Principal, webhook: Webhook, enabled: bool) -> None:
    """Answer 403 from now on, or as before."""
    require(acting, Role.DEVELOPER, webhook.function.project_id)
    before, webhook.enabled = webhook.enabled, enabled
    webhook.save(update_fields=["enabled", "changed_at"])
    _note(acting, "webhook.update", webhook, before={"enabled": before}, after={"enabled": enabled})


@transaction.atomic
def delete_webhook(*, acting: Principal, webhook: Webhook) -> None:
    """Its address is nobody's from now on."""
    require(acting, Role.DEVELOPER, webhook.function.project_id)
    _note(acting, "webhook.delete", webhook)
    webhook.delete()


def _one_of(known: list[str], value: str, name: str) -> str:
    if value not in known:
        raise InvalidParameterValue("Choose one of the list.", field=name)
    return value


def _note(acting: Principal, action: str, hook: Webhook, **states: Any) -> None:
    function = hook.function
    record(
        acting, action, hook, project_id=function.project_id, name=f"{function.name}/{hook.name}", **states
    )
    announce_change(function.pk)
