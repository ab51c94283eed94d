"""The list of functions: search, filters, sort, pages; pausing and deleting several; and the deleted ones."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from console.confirming import tell_deleted
from console.http import Place, project_view
from console.snippets import aws
from functions.errors import FunctoryError, InvalidParameterValue, ResourceNotFound
from functions.limits import UNDO_DELETE_DAYS
from functions.models import Function
from functions.queries import access
from functions.queries import functions as queries
from functions.queries.functions import FunctionFilter
from functions.runtimes import IMAGE, RUNTIMES
from functions.services import functions as services
from functions.states import FunctionState, Role

PAGE = 30
MOST_AT_ONCE = 200
CHOICES_KEPT_S = 60
# Column heads that sort: key, words, order when chosen, and the reverse where there is one.
COLUMNS = (
    ("name", "Name", "name", "-name", ""),
    ("runtime", "Runtime", "runtime", "-runtime", "hide-phone"),
    ("triggers", "Triggers", "", "", "hide-phone"),
    ("last_call", "Last call", "-last_call", "", "hide-phone"),
    ("errors", "Errors 24 h", "-errors", "", "text-end"),
    ("p95", "p95", "", "", "text-end hide-phone"),
    ("cost", "Cost this month", "-cost", "", "text-end hide-phone"),
    ("state", "State", "", "", ""),
)


@project_view()
def listing(request: HttpRequest, place: Place) -> HttpResponse:
    """A page of functions."""
    chosen = chosen_from(request)
    marker = request.GET.get("marker", "")
    page = queries.functions(
        project_id=place.project.id, chosen=chosen, now=timezone.now(), marker=marker, size=PAGE
    )
    kept = {"q": chosen.text, "tag": chosen.tag, "runtime": chosen.runtime, "state": chosen.state}
    context: dict[str, Any] = {
        "page": page,
        "chosen": chosen,
        "columns": _columns(chosen.order, kept),
        "first": not marker,
        "query": _query({**kept, "order": chosen.order}),
        "filtered": any(kept.values()),
        **_choices(place),
        "states": FunctionState.choices,
        "deleted": access.deleted_functions(place.project.id).count() if not marker else 0,
        "titles": {row.identifier: row.title for row in (*RUNTIMES.values(), IMAGE)},
        "command": aws(settings.FUNCTORY, "lambda", "list-functions"),
    }
    return render(request, "functions/listing.html", context)


@require_POST
@project_view()
def bulk(request: HttpRequest, place: Place) -> HttpResponse:
    """Pause, resume or delete the chosen functions: all of them or none."""
    action = request.POST.get("action", "")
    place.require(Role.DEVELOPER if action == "delete" else Role.OPERATOR)
    names = sorted(set(request.POST.getlist("name")))[:MOST_AT_ONCE]
    chosen = [place.function(name) for name in names]
    try:
        done = _act(place, action, chosen)
    except InvalidParameterValue as error:
        messages.error(request, error.message)
    else:
        if action == "delete":
            tell_deleted(request, place.account, done, [function.pk for function in chosen])
        else:
            messages.info(request, done)
    return redirect("functions", place.account)


@project_view()
def deleted(request: HttpRequest, place: Place) -> HttpResponse:
    """What can still be restored."""
    return render(request, "functions/deleted.html", _deleted_page(place))


@require_POST
@project_view(role=Role.DEVELOPER)
def restore(request: HttpRequest, place: Place, function_id: UUID) -> HttpResponse:
    """Bring one back, under another name if its own is taken."""
    function = access.deleted_functions(place.project.id).filter(pk=function_id).first()
    if function is None:
        raise ResourceNotFound("It cannot be restored any more, or it has been already.")
    name = request.POST.get("name", "").strip()
    try:
        services.restore_function(acting=place.principal, function=function, name=name)
    except FunctoryError as error:
        if error.field != "name":
            raise
        page = {**_deleted_page(place), "refused": function_id, "problem": error.message, "typed": name}
        return render(request, "functions/deleted.html", page, status=error.status)
    messages.info(request, f"{function.name} is back, with its versions, triggers and logs.")
    return redirect("function", place.account, function.address)


@require_POST
@project_view(role=Role.DEVELOPER)
def undo_deleting(request: HttpRequest, place: Place) -> HttpResponse:
    """Bring back what was deleted a moment ago: all of it, or none where a name has been taken meanwhile."""
    rows = access.deleted_functions(place.project.id)
    chosen = [rows.filter(pk=one).first() for one in _ids(request.GET.getlist("function"))]
    back = [function for function in chosen if function is not None]
    if not back:
        raise ResourceNotFound("It cannot be restored any more, or it has been already.")
    with transaction.atomic():
        for function in back:
            services.restore_function(acting=place.principal, function=function)
    words = f"{back[0].name} is" if len(back) == 1 else f"{len(back)} functions are"
    messages.info(request, f"{words} back, with versions, triggers and logs.")
    return redirect("functions", place.account)


def _ids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts[:MOST_AT_ONCE]]
    except ValueError as error:
        raise ResourceNotFound("There is no such function.") from error


def _choices(place: Place) -> dict[str, list[str]]:
    """What the filters offer. Reads every function, so it is kept for a while: anything else can be typed."""
    key = f"function-filters:{place.project.id}"
    found: dict[str, list[str]] | None = cache.get(key)
    if found is None:
        found = {
            "runtimes": queries.runtimes_used(project_id=place.project.id),
            "tags": queries.tags_used(project_id=place.project.id),
        }
        cache.set(key, found, CHOICES_KEPT_S)
    return found


def chosen_from(request: HttpRequest) -> FunctionFilter:
    """The filter that an address asks for."""
    get = request.GET.get
    return FunctionFilter(
        text=get("q", "").strip()[:64],
        tag=get("tag", "").strip()[:400],
        runtime=get("runtime", ""),
        state=get("state", ""),
        order=get("order", "") or "name",
    )


@transaction.atomic
def _act(place: Place, action: str, chosen: list[Function]) -> str:
    words = "function" if len(chosen) == 1 else "functions"
    if not chosen:
        raise InvalidParameterValue("Choose at least one function.")
    if action in {"pause", "resume"}:
        for function in chosen:
            services.set_paused(acting=place.principal, function=function, paused=action == "pause")
        return f"{len(chosen)} {words} {'paused: calls are refused' if action == 'pause' else 'resumed'}."
    if action != "delete":
        raise InvalidParameterValue("Choose pause, resume or delete.")
    for function in chosen:
        services.delete_function(acting=place.principal, function=function)
    return f"{len(chosen)} {words} deleted, to be restored for {UNDO_DELETE_DAYS} days."


def _deleted_page(place: Place) -> dict[str, Any]:
    rows = access.deleted_functions(place.project.id).select_related("latest", "draft")
    return {"functions": list(rows[:200]), "days": UNDO_DELETE_DAYS}


def _columns(order: str, kept: dict[str, str]) -> list[dict[str, str]]:
    """The heads of the table: where each leads, and how the list is sorted by it now."""
    heads = []
    for key, words, ascending, descending, classes in COLUMNS:
        following = descending if order == ascending and descending else ascending
        sorted_by = order in {ascending, descending} and bool(order) and bool(ascending)
        heads.append(
            {
                "key": key,
                "words": words,
                "classes": classes,
                "href": f"?{_query({**kept, 'order': following})}" if ascending else "",
                "sort": ("descending" if order.startswith("-") else "ascending") if sorted_by else "",
            }
        )
    return heads


def _query(values: dict[str, str]) -> str:
    text = urlencode({name: value for name, value in values.items() if value})
    return f"{text}&" if text else ""
