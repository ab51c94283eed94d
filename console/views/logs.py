"""The log search, project-wide and per function: rows, their lines, histogram, download, and tail tickets."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from console import log_lines, outcomes
from console.bars import stacked
from console.http import Place, project_view
from console.paging import next_address
from console.ranges import TimeRange
from functions import tokens
from functions.installation import relay_key
from functions.log_query import parse
from functions.models import Function, InvocationLog
from functions.queries import logs, metrics
from functions.queries.log_windows import LogRange
from functions.states import Outcome

PAGE = 30
MOST_DOWNLOADED = 10_000
HISTOGRAM_BARS = 60
CONTEXT = timedelta(seconds=30)  # before and after a log, for what else happened then


@dataclass(frozen=True, slots=True)
class LogRow:
    """One log in the list: the invocation, how it ended, and the line that says most."""

    log: InvocationLog
    tone: str
    headline: log_lines.LogLine

    @property
    def around(self) -> str:
        """The address's query of what the whole project logged about that time, whatever was searched for."""
        start, end = self.log.at - CONTEXT, self.log.at + CONTEXT
        return urlencode({"from": start.isoformat(), "to": end.isoformat()})


@project_view()
def search(request: HttpRequest, place: Place, name: str = "") -> HttpResponse:
    """The search page; with `part=rows` only the rows, to be put under the ones before."""
    function = place.function(name) if name else None
    within = TimeRange.read(request.GET, timezone.now(), default="1h")
    text = request.GET.get("q", "")
    found = logs.logs(
        chosen=_range(place, function, within),
        query=parse(text),
        marker=request.GET.get("marker", ""),
        size=PAGE,
    )
    page = {
        "function": function,
        "range": within,
        "q": text,
        "rows": [_row(log) for log in found.items],
        "found": found,
        "older": next_address(request, found.next_marker),
        "query": urlencode({"q": text}) + "&" + within.query,
        "keep": "&" + urlencode({"q": text}) if text else "",
    }
    part = request.GET.get("part") == "rows"
    return render(request, "logs/rows.html" if part else "logs/search.html", page)


@project_view()
def lines(request: HttpRequest, place: Place, log_id: UUID) -> HttpResponse:
    """The lines of one log, for a row that was unfolded."""
    log = InvocationLog.objects.filter(project_id=place.project.id, pk=log_id).first()
    if log is None:
        raise Http404
    return render(
        request, "logs/lines.html", {"lines": log_lines.parse(log.text), "truncated": log.truncated}
    )


@project_view()
def histogram(request: HttpRequest, place: Place, name: str = "") -> HttpResponse:
    """How many matching logs ended when, as a picture; loaded after the rows."""
    function = place.function(name) if name else None
    within = TimeRange.read(request.GET, timezone.now(), default="1h")
    query = parse(request.GET.get("q", ""))
    chosen = _range(place, function, within)
    step_s = _bar_s(within)
    back_to = None
    if query.is_empty:  # what all calls did is known without reading a log
        counts = _counted(chosen, step_s)
    else:
        moments, back_to = logs.moments(chosen=chosen, query=query)
        counts = Counter((_bar(at, within, step_s), _kind(outcome)) for at, outcome in moments)
    bars = -(-int((within.end - within.start).total_seconds()) // step_s)
    page = {
        "picture": stacked(bars, counts, height=60),
        "total": sum(counts.values()),
        "failed": sum(count for (_, kind), count in counts.items() if kind == "Failed"),
        "searched_back_to": back_to,
        "range": within,
    }
    return render(request, "logs/histogram.html", page)


def _bar_s(within: TimeRange) -> int:
    """How many seconds a bar stands for: whole minutes, of a long range whole hours, as calls are counted."""
    seconds = (within.end - within.start).total_seconds() / HISTOGRAM_BARS
    step = 60 if seconds < 3600 else 3600
    return max(1, math.ceil(seconds / step)) * step


def _counted(chosen: LogRange, step_s: int) -> Counter[tuple[int, str]]:
    of = metrics.MetricRange(chosen.project_id, chosen.start, chosen.end, chosen.function_id)
    counts: Counter[tuple[int, str]] = Counter()
    for moment, ran, failed in metrics.counts(chosen=of, step_s=step_s):
        bar = int((moment - chosen.start).total_seconds()) // step_s
        counts[bar, "Succeeded"] += ran - failed
        counts[bar, "Failed"] += failed
    return counts


def _bar(at: datetime, within: TimeRange, step_s: int) -> int:
    return int((at - within.start).total_seconds()) // step_s


@project_view()
def download(request: HttpRequest, place: Place, name: str = "") -> StreamingHttpResponse:
    """The matching logs as plain text, newest first, at most MOST_DOWNLOADED of them."""
    function = place.function(name) if name else None
    within = TimeRange.read(request.GET, timezone.now(), default="1h")
    chosen = _range(place, function, within)
    texts = _texts(chosen, request.GET.get("q", ""))
    answer = StreamingHttpResponse(texts, content_type="text/plain; charset=utf-8")
    file = f"{name or place.project.account}-logs-{within.end:%Y%m%d-%H%M}.txt"
    answer["Content-Disposition"] = f'attachment; filename="{file}"'
    return answer


@require_POST
@project_view()
def ticket(_request: HttpRequest, place: Place, name: str = "") -> JsonResponse:
    """An address that opens one live stream within a minute: of one function, or of the whole project."""
    function = place.function(name) if name else None
    config = settings.FUNCTORY
    claims = {
        "project": str(place.project.id),
        "function": str(function.id) if function else "",
    }
    text = tokens.make_ticket(relay_key(), claims)
    return JsonResponse({"url": f"{config.gateway_public_url}/_functory/tail?{urlencode({'ticket': text})}"})


def _range(place: Place, function: Function | None, within: TimeRange) -> LogRange:
    return LogRange(place.project.id, within.start, within.end, function.id if function else None)


def _row(log: InvocationLog) -> LogRow:
    return LogRow(log, outcomes.tone(log.invocation.outcome), log_lines.headline(log.text))


def _kind(outcome: str) -> str:
    return "Succeeded" if outcome == Outcome.SUCCESS else "Failed"


def _texts(chosen: LogRange, text: str) -> Iterator[str]:
    query, marker, sent = parse(text), "", 0
    while sent < MOST_DOWNLOADED:
        page = logs.logs(chosen=chosen, query=query, marker=marker, size=200)
        for log in page.items:
            yield _heading(log.at, log) + log.text + "\n"
        sent += len(page.items)
        marker = page.next_marker
        if not marker:
            return
    yield f"# Cut after {MOST_DOWNLOADED} logs. Narrow the time range to get the others.\n"


def _heading(at: datetime, log: InvocationLog) -> str:
    return f"# {at:%Y-%m-%dT%H:%M:%S.%fZ} {log.invocation.function_name} {log.invocation.outcome}\n"
