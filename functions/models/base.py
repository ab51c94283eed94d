"""What every row has: a time-ordered id. Telemetry rows say which database they live in."""

from __future__ import annotations

from django.db import models

from functions.ids import new_id


class Row(models.Model):
    """A row with a UUIDv7 key, so that ids sort by creation."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    class Meta:
        abstract = True


class TelemetryRow(models.Model):
    """A row of the telemetry database; refers to control rows by id only."""

    telemetry = True

    class Meta:
        abstract = True
