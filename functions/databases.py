"""Which models live in which database. Telemetry models carry `telemetry = True`; all others are control."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import Model


class TelemetryRouter:
    """Sends telemetry models to the `telemetry` database and keeps every other model out of it."""

    def db_for_read(self, model: type[Model], **_hints: Any) -> str:
        """The database that holds `model`."""
        return "telemetry" if getattr(model, "telemetry", False) else "default"

    db_for_write = db_for_read

    def allow_relation(self, first: Model, second: Model, **_hints: Any) -> bool:
        """Relations may not cross databases."""
        return self.db_for_read(type(first)) == self.db_for_read(type(second))

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **_hints: Any) -> bool:
        """Whether a migration operation on `model_name` runs on `db`."""
        if model_name is None:
            return db == "default"
        try:
            model = apps.get_model(app_label, model_name)
        except LookupError:  # a model that a later migration removed: harmless in either database
            return db == "default"
        return self.db_for_read(model) == db
