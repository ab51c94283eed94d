"""Addresses that services outside call when something happens there, signed with a secret that they share."""

from __future__ import annotations

from django.db import models

from functions.models.function import Function
from functions.models.trigger import Trigger
from functions.states import HookDelivery, HookProvider


class Webhook(Trigger):
    """`secret` is sealed by the vault. `header` is where a generic sender puts its signature, in lower case."""

    function = models.ForeignKey(Function, models.CASCADE, related_name="webhooks")
    name = models.CharField(max_length=64)
    hook_id = models.CharField(max_length=32, unique=True)
    provider = models.CharField(max_length=16, choices=HookProvider.choices)
    delivery = models.CharField(max_length=8, choices=HookDelivery.choices, default=HookDelivery.EVENT)
    header = models.CharField(max_length=64, blank=True)
    secret = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["function", "name"], name="webhook_name_once")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
