"""The Security tab: what holds for this function's sandboxes, from its settings and as the gateway read it back
from the machine. Claims nothing that was not read."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from console import isolation
from console.http import Place, project_view
from console.snippets import aws
from console.views.home import gateway_health
from functions.models import Function, FunctionUrl, Revision
from functions.states import NetworkMode, UrlAuth
from runner.client import GatewayClient, GatewayDown, GatewayRefused, SandboxView

REACHES = {
    NetworkMode.NONE: "Nothing: no network at all, only its own events.",
    NetworkMode.INTERNET: "The internet. This machine, its network and cloud metadata addresses are blocked.",
    NetworkMode.OPEN: "Everything that this machine can reach, private addresses too.",
}


def _running(function: Function) -> tuple[list[isolation.Measure], SandboxView | None]:
    """What the kernel says of the newest sandbox that runs now; nothing when none runs or nobody can tell."""
    try:
        with GatewayClient(settings.FUNCTORY) as gateway:
            own = [one for one in gateway.sandboxes().sandboxes if one.function_id == str(function.pk)]
            if not own:
                return [], None
            newest = max(own, key=lambda one: one.created_us)
            found = gateway.read_back(newest.id)
    except (GatewayDown, GatewayRefused):
        return [], None
    revision = _revision_of(function, newest.version)
    image = revision.artifact.image["reference"] if revision and revision.is_image else ""
    measures = isolation.held(found, network=newest.network, memory_mb=newest.memory_mb, image=image)
    return measures, newest


def _revision_of(function: Function, version: str) -> Revision | None:
    if not version.isdecimal():
        return function.latest
    row = function.versions.filter(number=int(version)).select_related("revision__artifact").first()
    return row.revision if row else None


@project_view()
def page(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """The tab."""
    function = place.function(name)
    source = function.latest or function.draft
    health, trouble = gateway_health()
    urls = FunctionUrl.objects.filter(function=function, enabled=True)
    running, sandbox = _running(function)
    page = {
        "function": function,
        "held": running,
        "held_sandbox": sandbox,
        "source": source,
        "reaches": REACHES[NetworkMode(source.network)],
        "is_open": source.network == NetworkMode.OPEN,
        "measures": isolation.measures(health.isolation) if health else [],
        "rules": isolation.rules(health.isolation) if health else "",
        "always": isolation.ALWAYS,
        "trouble": trouble,
        "public_urls": urls.filter(auth=UrlAuth.NONE).count(),
        "signed_urls": urls.filter(auth=UrlAuth.AWS_IAM).count(),
        "has_variables": bool(source.environment),
        "command": aws(
            settings.FUNCTORY, "lambda", "get-function-configuration", "--function-name", function.name
        ),
    }
    return render(request, "functions/security.html", page)
