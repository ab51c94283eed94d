"""Deploying: the request, and its progress, polled by the page until it has ended."""

from __future__ import annotations

import json
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from console import progress as words
from console import stack_frames
from console.engine_images import pin_of
from console.http import Place, project_view
from console.release_form import typed_steps
from functions.errors import ResourceNotFound
from functions.models import Deployment
from functions.runtimes import runtime
from functions.services import deploys
from functions.states import DEPLOYMENT_ENDED, DeploymentState, Role

PATIENCE_US = 8_000_000
SHOWN_LOG = 64 * 1024  # characters; the end says most


@require_POST
@project_view(role=Role.DEVELOPER)
def request(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Deploy the draft; a page that shows progress in place gets its fragment, others are sent to it."""
    description = request.POST.get("description", "").strip()
    function = place.function(name)
    deployment = deploys.request_deploy(
        acting=place.principal,
        function=function,
        description=description,
        release=typed_steps(request.POST),
        image=pin_of(function.draft),
    )
    if request.headers.get("HX-Request"):
        return _fragment(request, place, deployment)
    return redirect("deployment", place.account, name, deployment.pk)


@never_cache
@project_view()
def progress(request: HttpRequest, place: Place, name: str, deployment_id: UUID) -> HttpResponse:
    """The page, or with `part=steps` the part of it that changes."""
    function = place.function(name)
    rows = Deployment.objects.select_related("function", "version", "created_by", "revision")
    deployment = rows.filter(function=function, pk=deployment_id).first()
    if deployment is None:
        raise ResourceNotFound("There is no such deployment.")
    if request.GET.get("part") != "steps":
        return render(request, "functions/deployment.html", _context(deployment, then=""))
    return _fragment(request, place, deployment)


def _fragment(request: HttpRequest, place: Place, deployment: Deployment) -> HttpResponse:
    then = request.GET.get("then", "")
    answer = render(request, "functions/deployment_steps.html", _context(deployment, then=then))
    if deployment.state not in DEPLOYMENT_ENDED:
        return answer
    succeeded = deployment.state == DeploymentState.SUCCEEDED
    if then == "test" and succeeded:
        test = reverse("function_test", args=[place.account, deployment.function.address])
        answer.headers["HX-Redirect"] = f"{test}?deployed={deployment.pk}"
    number = deployment.version.number if deployment.version else None
    told = {"state": deployment.state, "version": number, "token": str(deployment.draft_token or "")}
    answer.headers["HX-Trigger"] = json.dumps({"functory:deployed": told})
    return answer


def _origin(deployment: Deployment) -> stack_frames.Frame | None:
    """The line of the code that kept it from starting, where the error names one."""
    language = runtime(deployment.revision.runtime).language if deployment.revision else ""
    return stack_frames.innermost(stack_frames.frames([deployment.error]), language=language)


def _context(deployment: Deployment, *, then: str) -> dict[str, object]:
    now = timezone.now()
    took_us = words.took_us(deployment, now)
    return {
        "function": deployment.function,
        "deployment": deployment,
        "steps": words.steps(deployment, now),
        "ended": deployment.state in DEPLOYMENT_ENDED,
        "took_us": took_us,
        "stuck": deployment.state == DeploymentState.QUEUED and took_us > PATIENCE_US,
        "log": deployment.log[-SHOWN_LOG:],
        "told": deployment.error.partition("\n")[0],
        "origin": _origin(deployment),
        "then": then,
    }
