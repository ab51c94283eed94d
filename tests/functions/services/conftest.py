"""Services are tested without Redis: what they announce and enqueue is collected instead."""

import pytest

from functions import queues
from functions.models import AuditEntry


@pytest.fixture(autouse=True)
def announced(monkeypatch):
    """Everything told to the gateway and to workers, in order, as it would leave on commit."""
    told = []
    monkeypatch.setattr(queues, "_publish", told.append)
    monkeypatch.setattr(
        queues, "_enqueue", lambda queue, job, job_id, arguments: told.append((job, arguments))
    )
    monkeypatch.setattr(queues, "_on_commit", lambda using, action: action())
    return told


@pytest.fixture
def audited(project):
    """The actions in the audit log since the test began, oldest first."""

    def actions() -> list[str]:
        return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))

    return actions
