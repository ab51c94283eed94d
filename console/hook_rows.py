"""The webhooks of a function as its Triggers tab shows them, and what their form starts with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from console.addresses import hook_address
from console.forms import Form
from functions.models import Function, Webhook
from functions.states import HookDelivery, HookProvider


@dataclass(frozen=True, slots=True)
class HookRow:
    """A webhook and where its sender calls it."""

    hook: Webhook
    address: str


def hook_context(function: Function, form: Form | None) -> dict[str, Any]:
    """What templates/functions/webhook_triggers.html needs."""
    started = {"provider": HookProvider.GITHUB.value, "delivery": HookDelivery.EVENT.value}
    return {
        "webhooks": [
            HookRow(hook, hook_address(settings.FUNCTORY, hook.hook_id))
            for hook in Webhook.objects.filter(function=function)
        ],
        "hook_providers": HookProvider.choices,
        "hook_deliveries": HookDelivery.choices,
        "hook_form": form or Form(started),
    }
