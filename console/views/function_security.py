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
from functions.models import FunctionUrl
from functions.states import NetworkMode, UrlAuth

REACHES = {
    NetworkMode.NONE: "Nothing: no network at all, only its own events.",
    NetworkMode.INTERNET: "The internet. This machine, its network and cloud metadata addresses are blocked.",
    NetworkMode.OPEN: "Everything that this machine can reach, private addresses too.",
}


@project_view()
def page(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """The tab."""
    function = place.function(name)
    source = function.latest or function.draft
    health, trouble = gateway_health()
    urls = FunctionUrl.objects.filter(function=function, enabled=True)
    page = {
        "function": function,
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
        "command": aws(settings.FUNCTORY, "lambda", "get-function-configuration", "--function-name", name),
    }
    return render(request, "functions/security.html", page)
