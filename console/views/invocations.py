"""One invocation, whole: outcome in words, timeline, event, response, log, cost; and its other attempts."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from console import log_lines, outcomes, timeline
from console.http import Place, project_view
from console.snippets import aws
from functions.models import Event, Function, Invocation, Revision
from functions.naming import name_at
from functions.queries import invocations
from functions.queries.refusals import refusal
from functions.states import Outcome

# A record is stored within a second or so; past this a page says that there is none.
MOST_POLLS = 15
LONGEST_PASTED = 4000


@project_view()
def by_request_id(request: HttpRequest, place: Place, request_id: UUID) -> HttpResponse:
    """Find an invocation from its request id alone, as typed into the search."""
    found = invocations.by_request_id(project_id=place.project.id, request_id=request_id)
    event = invocations.event_of(project_id=place.project.id, request_id=request_id)
    name = found[-1].function_name if found else _name_of(event)
    if not name and refusal(project_id=place.project.id, request_id=request_id):
        return redirect(f"{reverse('refusals', args=[place.account])}?request={request_id}")
    if not name:
        return _missing(request, request_id, None)
    living = Function.objects.filter(id=found[-1].function_id).first() if found else None
    address = living.address if living else name
    return redirect("invocation", place.project.account, address, request_id)


@project_view()
def invocation(request: HttpRequest, place: Place, name: str, request_id: UUID) -> HttpResponse:
    """The page of one request id; `attempt` chooses one try of an asynchronous event, the last by default."""
    found = invocations.by_request_id(project_id=place.project.id, request_id=request_id)
    found = [row for row in found if row.function_name == name_at(name)]
    event = invocations.event_of(project_id=place.project.id, request_id=request_id)
    if not found:
        return _missing(request, request_id, event)
    if "poll" in request.GET:
        return redirect(request.path)
    shown = _chosen(found, request.GET.get("attempt", ""))
    page = {
        "invocation": shown,
        "function": Function.objects.filter(id=shown.function_id, project=place.project).first(),
        "event": event,
        "attempts": found,
        "command": _command(shown),
        **_parts(shown),
    }
    return render(request, "invocations/invocation.html", page)


def _parts(row: Invocation) -> dict[str, Any]:
    """What the page prints of a row, ready to print."""
    revision = Revision.objects.filter(id=row.revision_id).first() if row.revision_id else None
    log = getattr(row, "log", None)
    payload = getattr(row, "payload", None)
    return {
        "explanation": outcomes.explain(
            outcome=row.outcome,
            error_type=row.error_type,
            error_message=row.error_message,
            timeout_s=revision.timeout_s if revision else 0,
            memory_mb=row.memory_mb,
            cold=row.cold,
        ),
        "tone": outcomes.tone(row.outcome),
        "segments": timeline.segments(
            accepted_us=_us(row.accepted_at),
            started_us=_us(row.started_at),
            duration_us=row.duration_us,
            init_us=row.init_us,
            cold=row.cold,
        ),
        "lines": log_lines.parse(log.text) if log else [],
        "truncated": bool(log and log.truncated),
        "event_json": _pretty(payload.event) if payload else None,
        "response_json": _pretty(payload.response) if payload else None,
        "runtime": revision.runtime if revision else "",
        "ran": row.outcome not in {Outcome.THROTTLED, Outcome.PLATFORM},
    }


def _missing(request: HttpRequest, request_id: UUID, event: Event | None) -> HttpResponse:
    """Not stored yet, or not at all: the page polls a few times before it says so."""
    polls = request.GET.get("poll", "0")
    count = int(polls) if polls.isdecimal() else 0
    waiting = count < MOST_POLLS
    page = {
        "request_id": request_id,
        "event": event,
        "waiting": waiting,
        "next": f"{request.path}?poll={count + 1}",
    }
    return render(request, "invocations/missing.html", page, status=200 if waiting or event else 404)


def _command(row: Invocation) -> str:
    """The call as a command, while its event is kept and short enough to paste."""
    payload = getattr(row, "payload", None)
    if payload is None or payload.event is None or len(payload.event) > LONGEST_PASTED:
        return ""
    words = ["lambda", "invoke", "--function-name", row.function_name]
    if row.alias or row.version.isdecimal():
        words += ["--qualifier", row.alias or row.version]
    words += ["--cli-binary-format", "raw-in-base64-out", "--payload", payload.event, "answer.json"]
    return aws(settings.FUNCTORY, *words)


def _pretty(text: str | None) -> str | None:
    """JSON indented; anything else as it is."""
    if text is None:
        return None
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _us(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def _chosen(found: list[Invocation], attempt: str) -> Invocation:
    if not attempt:
        return found[-1]
    for row in found:
        if str(row.attempt) == attempt:
            return row
    raise Http404


def _name_of(event: Event | None) -> str:
    if event is None:
        return ""
    function = Function.objects.filter(id=event.function_id).first()
    return function.name if function else ""
