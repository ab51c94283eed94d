"""Which calls of the control-plane API are measured, as the gateway passes them on to web. Those that change
something are each asked of another function, since one function takes one change at a time."""

from __future__ import annotations

import base64
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from functions.ids import new_id
from functions.installation import relay_key
from functions.models import Deployment, Function, Project, User
from functions.queries.access import person_principal
from functions.queries.pages import marker_of
from functions.states import Role
from functions.tokens import sign_principal
from tests.bench.console_asking import Question
from tests.support.rows import CODE

_FUNCTIONS = "/2015-03-31/functions"


@dataclass(frozen=True)
class CallOfApi:
    """An operation's line in the table, and its requests: one to begin with, and those that are measured."""

    label: str
    questions: Sequence[Question]


def calls(project: Project, times: int) -> Iterator[CallOfApi]:
    """Reads first, then changes, and last the removal of what was made."""
    asking = _Asked(project, times + 1)
    busiest = asking.names[0]
    of = f"{_FUNCTIONS}/{busiest}"
    middle = asking.names[len(asking.names) // 2]
    yield asking.read("ListFunctions", f"{_FUNCTIONS}/?MaxItems=50")
    yield asking.read(
        "ListFunctions, later page", f"{_FUNCTIONS}/?MaxItems=50&Marker={_marker(project, middle)}"
    )
    yield asking.read("ListFunctions, all versions", f"{_FUNCTIONS}/?MaxItems=50&FunctionVersion=ALL")
    yield asking.read("GetFunction", of)
    yield asking.read("GetFunctionConfiguration", f"{of}/configuration")
    yield asking.read("GetFunctionConfiguration, alias", f"{of}/configuration?Qualifier=live")
    yield asking.read("ListVersionsByFunction", f"{of}/versions")
    yield asking.read("ListAliases", f"{of}/aliases")
    yield asking.read("GetAccountSettings", "/2016-08-19/account-settings/")
    yield asking.change(
        "UpdateFunctionConfiguration", "PUT", "{of}/configuration", lambda: {"Description": str(new_id())}
    )
    yield asking.change("PublishVersion", "POST", "{of}/versions", lambda: {"Description": str(new_id())})
    yield asking.change("AddPermission", "POST", "{of}/policy", _statement)
    made = [f"bench-{new_id()}" for _ in range(times + 1)]
    yield CallOfApi("CreateFunction", [asking.question("POST", _FUNCTIONS, _function(name)) for name in made])
    yield CallOfApi("DeleteFunction", [asking.question("DELETE", f"{_FUNCTIONS}/{name}") for name in made])


class _Asked:
    """Requests of the first administrator in a project."""

    def __init__(self, project: Project, times: int) -> None:
        self.project, self.times = project, times
        rows = Function.objects.filter(project=project, deleted_at=None).exclude(latest=None)
        # An earlier run's updates are never worked on, and refuse others.
        rows = rows.exclude(pk__in=Deployment.objects.filter(ended_at=None).values("function_id"))
        self.names = list(rows.order_by("id").values_list("name", flat=True))
        self._principal = person_principal(
            User.objects.get(username="admin"), project, Role.ADMINISTRATOR, "127.0.0.1"
        )

    def read(self, label: str, path: str) -> CallOfApi:
        """The same question again and again."""
        return CallOfApi(label, [self.question("GET", path)] * self.times)

    def change(self, label: str, method: str, path: str, body: Callable[[], Any]) -> CallOfApi:
        """A change of as many functions; `{of}` in the path is each one's address."""
        names = random.Random().sample(self.names[1:], self.times)
        paths = [path.format(of=f"{_FUNCTIONS}/{name}") for name in names]
        return CallOfApi(label, [self.question(method, one, body()) for one in paths])

    def question(self, method: str, path: str, body: Any = None) -> Question:
        """One request with the principal that the gateway vouches for (good for a minute)."""
        headers = {
            "Content-Type": "application/json",
            "x-functory-principal": sign_principal(relay_key(), self._principal),
        }
        return Question(path, method, None if body is None else json.dumps(body).encode(), headers)


def _marker(project: Project, name: str) -> str:
    row = Function.objects.get(project=project, name=name, deleted_at=None)
    return quote(marker_of([row.name, row.pk]))


def _statement() -> dict[str, str]:
    return {
        "StatementId": new_id().hex,
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
    }


def _function(name: str) -> dict[str, Any]:
    return {
        "FunctionName": name,
        "Runtime": "python3.13",
        "Handler": "lambda_function.lambda_handler",
        "Role": "arn:aws:iam::000000000000:role/bench",
        "Code": {"ZipFile": base64.b64encode(_zip()).decode()},
    }


def _zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("lambda_function.py", CODE)
    return packed.getvalue()
