"""Who a caller is where signatures are not verified: a machine of development that was told so, and nowhere else."""

from __future__ import annotations

import re

from django.db import IntegrityError, transaction

from functions.models import Project
from functions.queries.sessions import key_by_id
from functions.services.guard import record, system_principal
from functions.snapshots import KeySnapshot, Principal
from functions.states import Role

NAME = "unverified"
_ACCOUNT = re.compile(r"\d{12}")


def believed_key(key_id: str) -> KeySnapshot:
    """Whose a key is: one that there is, its owner's; one of twelve digits, an administrator's of the project with
    that account number, which is made if there is none; any other, an administrator's of the first project."""
    known = key_by_id(key_id)
    if known is not None:
        return known
    project = _project(key_id) if _ACCOUNT.fullmatch(key_id) else Project.objects.order_by("id").first()
    found = project or _project("000000000001")
    principal = Principal("key", key_id, NAME, str(found.pk), found.account, Role.ADMINISTRATOR)
    return KeySnapshot(key_id, "", principal)


def _project(account: str) -> Project:
    try:
        with transaction.atomic():
            made = Project.objects.create(account=account, name=f"Account {account}")
            record(system_principal(made.pk, account), "project.create", made, project_id=made.pk)
            return made
    except IntegrityError:
        return Project.objects.get(account=account)
