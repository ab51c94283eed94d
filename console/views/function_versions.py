"""The Versions tab: what was published, what `live` points at, going back, and what differs between two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from console.configuration_form import environment_of
from console.forms import Form
from console.http import Place, project_view
from console.release_form import release_context
from console.snippets import aws
from functions.models import Deployment, Function, Revision, Version
from functions.queries.functions import header
from functions.queries.pages import Page, keyset_page
from functions.services import versions as services
from functions.states import Role

PAGE = 25
COMPARED = (
    ("runtime", "Runtime"),
    ("handler", "Handler"),
    ("memory_mb", "Memory (MB)"),
    ("timeout_s", "Time-out (s)"),
    ("ephemeral_mb", "Temporary storage (MB)"),
    ("network", "Network"),
    ("event_capture", "Event capture"),
    ("redact", "Fields not kept"),
    ("artifact_id", "Code (SHA-256)"),
    ("dependencies_id", "Dependencies"),
    ("description", "Description"),
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting of two versions."""

    label: str
    first: str
    second: str

    @property
    def differs(self) -> bool:
        """Whether the two are not the same."""
        return self.first != self.second


@project_view()
def page(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """The tab; `a` and `b` choose two versions to compare."""
    return page_of(request, place.function(name))


def page_of(
    request: HttpRequest, function: Function, *, release_form: Form | None = None, status: int = 200
) -> HttpResponse:
    """The page, with a refused release's form where there is one."""
    marker = request.GET.get("marker", "")
    rows = Version.objects.filter(function=function).select_related("revision__artifact", "created_by")
    found: Page[Version] = keyset_page(rows, order=("-number", "-id"), marker=marker, size=PAGE)
    newest = rows.order_by("-number").first()
    facts = header(function=function)
    context: dict[str, Any] = {
        "function": function,
        "page": found,
        "first": not marker,
        "split": dict(facts.split),
        "aliases": [alias for alias in facts.aliases if alias.name != "live"],
        "unpublished": function.latest_id is not None
        and (newest is None or newest.revision_id != function.latest_id),
        "deployments": _deployments(function),
        **release_context(function, release_form),
        **_comparison(request, rows),
        "command": aws(
            settings.FUNCTORY, "lambda", "list-versions-by-function", "--function-name", function.name
        ),
    }
    return render(request, "functions/versions.html", context, status=status)


@require_POST
@project_view(role=Role.DEVELOPER)
def roll_back(request: HttpRequest, place: Place, name: str, number: int) -> HttpResponse:
    """Let `live` serve another version, whole and at once."""
    services.roll_back(acting=place.principal, function=place.function(name), number=number)
    messages.info(request, f"Version {number} serves all calls from now on.")
    return redirect("function_versions", place.account, name)


@require_POST
@project_view(role=Role.DEVELOPER)
def publish(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Give what $LATEST runs a number."""
    description = request.POST.get("description", "").strip()
    version = services.publish_version(
        acting=place.principal, function=place.function(name), description=description
    )
    messages.info(request, f"Published as version {version.number}.")
    return redirect("function_versions", place.account, name)


def differences(first: Revision, second: Revision) -> list[Difference]:
    """Every compared setting of two revisions; environment variables by name only, values never."""
    found = [Difference(label, _words(first, name), _words(second, name)) for name, label in COMPARED]
    before, after = environment_of(first), environment_of(second)
    for name in sorted(before.keys() | after.keys()):
        changed = name in before and name in after and before[name] != after[name]
        found.append(
            Difference(
                f"Variable {name}",
                "set" if name in before else "–",
                ("set to another value" if changed else "set") if name in after else "–",
            )
        )
    return found


def _words(revision: Revision, name: str) -> str:
    value = getattr(revision, name)
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    in_words = getattr(revision, f"get_{name}_display", None)
    return str((in_words() if in_words else value) or "–")


def _comparison(request: HttpRequest, rows: Any) -> dict[str, Any]:
    chosen = [request.GET.get(name, "") for name in ("a", "b")]
    if not all(text.isdecimal() for text in chosen):
        return {}
    by_number = {row.number: row for row in rows.filter(number__in=[int(text) for text in chosen])}
    found = [by_number.get(int(text)) for text in chosen]
    first, second = found
    if first is None or second is None:
        return {}
    return {"a": first, "b": second, "differences": differences(first.revision, second.revision)}


def _deployments(function: Function) -> list[Deployment]:
    rows = Deployment.objects.filter(function=function, trial=False).select_related(
        "version", "created_by", "function"
    )
    return list(rows.order_by("-created_at", "-id")[:10])
