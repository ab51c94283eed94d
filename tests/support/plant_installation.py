"""Fills an empty installation with one of many things and says what is in one, for tests that compare two. Each is run
by `manage.py shell -c` in the installation that the environment names."""

from __future__ import annotations

import hashlib
import json
import sys

import redis
from django.apps import apps
from django.core.management import call_command

from functions import installation
from functions.archives import FileContent, pack
from functions.models import Bucket, Function, Secret
from functions.queues import events_stream, records_stream
from functions.records import encode
from functions.services.records import store
from functions.services.secrets import create_secret
from functions.states import Role
from runner.backup.streams import read_waiting, store_waiting
from tests.support import rows
from tests.support.telemetry import make_event, make_record


def plant() -> None:
    """People, a function with code, a secret, an object; calls that are rows, and a call and an event in Redis."""
    for database in ("default", "telemetry"):
        call_command("migrate", database=database, interactive=False, verbosity=0)
    project = rows.make_project()
    user = rows.make_user(project, "ada", Role.ADMINISTRATOR)
    acting = rows.principal_of(project, user, Role.ADMINISTRATOR)
    function = rows.make_function(project, "hello")
    stored = installation.store().take_in(pack({"lambda_function.py": FileContent(b"x = 1\n")}))
    installation.store().unpack(stored.sha256)
    create_secret(acting=acting, project=project, name="token", value="kept secret")
    installation.object_files().write([b"an object's bytes"])
    Bucket.objects.create(project=project, region="us-east-1", name="files")
    store([make_record(**_of(function))])
    client = redis.Redis.from_url(installation.config().redis_address)
    client.xadd(records_stream(), {"d": encode([make_record(**_of(function))])})
    client.xadd(events_stream(), {"d": encode(make_event(**_of(function)))})


def settle() -> None:
    """Do the recorder's work."""
    client = redis.Redis.from_url(installation.config().redis_address)
    store_waiting(read_waiting(client))


def say() -> None:
    """How many rows of each model there are and what the control ones hold, the secret in clear, and every file."""
    found: dict[str, object] = {}
    for model in apps.get_models():
        if model._meta.app_label != "functions":
            continue
        values = list(model._default_manager.order_by("pk").values())
        is_telemetry = getattr(model, "telemetry", False)
        found[model.__name__] = len(values) if is_telemetry else [len(values), _digest(repr(_plain(values)))]
    found["secret"] = [installation.vault().unseal(secret.value) for secret in Secret.objects.all()]
    home = installation.config().home
    for folder in ("artifacts", "objects"):
        paths = sorted(path for path in (home / folder).rglob("*") if path.is_file())
        found[folder] = [
            [str(path.relative_to(home)), path.stat().st_mode & 0o777, _digest(path.read_bytes())]
            for path in paths
        ]
    sys.stdout.write(json.dumps(found))


def _of(function: Function) -> dict[str, str]:
    return {"project_id": str(function.project_id), "function_id": str(function.pk)}


def _plain(values: list[dict[str, object]]) -> list[dict[str, object]]:
    """PostgreSQL gives bytes as memoryview."""
    return [
        {name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()}
        for row in values
    ]


def _digest(said: str | bytes) -> str:
    return hashlib.sha256(said.encode() if isinstance(said, str) else said).hexdigest()
