"""What runs now: sandboxes by runtime and function, the prewarmed supply, and the machine; ending one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from console.http import Place, project_view
from functions.models import Function
from functions.states import EndReason, Role
from runner.client import GatewayClient, GatewayDown, GatewayRefused, SandboxesView, SandboxView

COLUMNS = (
    ("function", "Function"),
    ("state", "State"),
    ("age", "Age"),
    ("memory", "Memory"),
    ("last", "Last call"),
    ("calls", "Calls"),
    ("", "Made because"),
    ("", "End"),
)
SORTS: dict[str, Any] = {
    "function": lambda box: (box.function_name, box.id),
    "state": lambda box: (box.state, box.function_name),
    "age": lambda box: box.created_us,
    "memory": lambda box: -box.memory_now,
    "last": lambda box: -box.last_used_us,
    "calls": lambda box: -box.calls,
}


@project_view()
def listing(request: HttpRequest, place: Place) -> HttpResponse:
    """The page; it is whole also when the gateway does not answer, and says so."""
    part = request.GET.get("part") == "body"
    template = "sandboxes/body.html" if part else "sandboxes/listing.html"
    try:
        with GatewayClient(settings.FUNCTORY) as gateway:
            view = gateway.sandboxes()
    except GatewayDown as down:
        return render(request, template, {"down": str(down)}, status=200 if part else 503)
    except GatewayRefused as refused:
        return render(request, template, {"down": refused.message}, status=200 if part else 503)
    return render(request, template, _page(request, place, view))


@require_POST
@project_view(role=Role.OPERATOR)
def end(request: HttpRequest, place: Place, sandbox_id: str) -> HttpResponse:
    """End one after its current call; the next call of its function starts another."""
    try:
        with GatewayClient(settings.FUNCTORY) as gateway:
            known = {box.id: box for box in gateway.sandboxes().sandboxes}
            if sandbox_id not in known or not _addresses(place, [known[sandbox_id]]):
                messages.error(request, "That sandbox had ended already.")
            else:
                gateway.end_sandbox(sandbox_id)
                messages.info(request, f"Sandbox {sandbox_id} ends after its current call.")
    except GatewayDown as down:
        messages.error(request, str(down))
    except GatewayRefused as refused:
        messages.error(request, refused.message)
    return redirect("sandboxes", place.project.account)


def _page(request: HttpRequest, place: Place, view: SandboxesView) -> dict[str, Any]:
    sort = request.GET.get("sort", "function")
    addresses = _addresses(place, view.sandboxes)
    own = [box for box in view.sandboxes if box.function_id in addresses]
    function = request.GET.get("function", "")
    shown = [box for box in own if not function or box.function_name == function]
    used_mb = view.host.memory_mb - view.host.memory_free_mb
    return {
        "sandboxes": sorted(shown, key=SORTS.get(sort, SORTS["function"])),
        "addresses": addresses,
        "others": len(view.sandboxes) - len(own),
        "supply": view.supply,
        "prewarm": settings.FUNCTORY.prewarm,
        "prewarm_most": max(settings.FUNCTORY.prewarm, settings.FUNCTORY.prewarm_most),
        "host": view.host,
        "memory_used_mb": used_mb,
        "memory_share": used_mb / view.host.memory_mb if view.host.memory_mb else 0,
        "load_share": min(1.0, view.host.load / view.host.cpus) if view.host.cpus else 0,
        "ends": _named_ends(place, view),
        "engine": "" if view.engine == "ok" else view.engine,
        "sort": sort,
        "sorts": COLUMNS,
        "may_end": place.may(Role.OPERATOR),
        "chosen_function": function,
    }


def _addresses(place: Place, boxes: Sequence[SandboxView]) -> dict[str, str]:
    """Of those of this project's functions, by function."""
    rows = Function.objects.filter(project=place.project, id__in={box.function_id for box in boxes})
    return {str(row.pk): row.address for row in rows.only("name", "region")}


def _named_ends(place: Place, view: SandboxesView) -> list[dict[str, Any]]:
    ended_names = {ended.function_name for ended in view.recent_ends}
    rows = Function.objects.filter(project=place.project, name__in=ended_names)
    names = set(rows.values_list("name", flat=True))
    labels = dict(EndReason.choices)
    return [
        {"end": ended, "reason": labels.get(ended.reason, ended.reason)}
        for ended in view.recent_ends
        if ended.function_name in names
    ]
