"""Addresses of what happened: invocations, logs, metrics, billing, sandboxes, events. Below /p/<account>/."""

from __future__ import annotations

from django.urls import URLPattern, path

from console.views import billing, events, function_monitor, invocations, logs, metrics, replays, sandboxes

FUNCTION = "functions/<str:name>/"

urlpatterns: list[URLPattern] = [
    path("metrics", metrics.overview, name="metrics"),
    path("metrics/series", metrics.series, name="metrics_series"),
    path("metrics/by-function", metrics.by_function, name="metrics_by_function"),
    path("billing", billing.month, name="billing"),
    path("logs", logs.search, name="logs"),
    path("logs/histogram", logs.histogram, name="logs_histogram"),
    path("logs/download", logs.download, name="logs_download"),
    path("logs/tail", logs.ticket, name="tail_ticket"),
    path("logs/<uuid:log_id>/lines", logs.lines, name="log_lines"),
    path("invocations/<uuid:request_id>", invocations.by_request_id, name="request"),
    path("sandboxes", sandboxes.listing, name="sandboxes"),
    path("sandboxes/<str:sandbox_id>/end", sandboxes.end, name="sandbox_end"),
    path("events", events.listing, name="events"),
    path("events/<uuid:event_id>/redrive", events.redrive, name="event_redrive"),
    path("events/<uuid:event_id>/drop", events.drop, name="event_drop"),
    path(FUNCTION + "monitor", function_monitor.monitor, name="function_monitor"),
    path(FUNCTION + "monitor/series", function_monitor.series, name="function_series"),
    path(FUNCTION + "monitor/percentiles", function_monitor.percentiles, name="function_percentiles"),
    path(FUNCTION + "invocations/<uuid:request_id>", invocations.invocation, name="invocation"),
    path(FUNCTION + "invocations/<uuid:request_id>/replay", replays.replay, name="invocation_replay"),
    path(FUNCTION + "invocations/<uuid:request_id>/keep", replays.keep, name="invocation_keep"),
    path(FUNCTION + "logs", logs.search, name="function_logs"),
    path(FUNCTION + "logs/histogram", logs.histogram, name="function_logs_histogram"),
    path(FUNCTION + "logs/download", logs.download, name="function_logs_download"),
    path(FUNCTION + "logs/tail", logs.ticket, name="function_tail_ticket"),
]
