"""Which versions and aliases have sandboxes kept ready, for the gateway."""

from __future__ import annotations

from functions.models import ProvisionedConcurrency
from functions.snapshots import Provision


def provisions() -> list[Provision]:
    """Those of functions that take calls."""
    rows = ProvisionedConcurrency.objects.filter(function__deleted_at=None, function__paused_at=None)
    return [Provision(str(row.function_id), row.qualifier, row.requested) for row in rows.order_by("id")]
