"""The Code tab of a function whose code is a container image: a panel in place of the editor."""

from __future__ import annotations

import shlex
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from console import engine_images, image_form
from console.forms import Form
from console.http import Place, project_view
from console.snippets import aws
from functions.container_images import program, resolved_uri
from functions.errors import FunctoryError
from functions.models import Draft, Function, Revision
from functions.services import deploys
from functions.states import LIVE_ALIAS, Role


def image_page(
    request: HttpRequest, function: Function, form: Form | None = None, status: int = 200
) -> HttpResponse:
    """The panel, as it was saved or as it was typed."""
    draft = function.draft
    context = {
        "function": function,
        "draft": draft,
        **image_form.page_of(form or image_form.form_of(draft)),
        **_running(function),
        "command": aws(
            settings.FUNCTORY,
            *("lambda", "update-function-code", "--function-name", function.name),
            *("--image-uri", draft.image_uri or "name:tag"),
        ),
    }
    return render(request, "functions/image.html", context, status=status)


@require_POST
@project_view(role=Role.DEVELOPER)
def save(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Keep what was typed in the draft, and deploy it with `then=deploy`."""
    function = place.function(name)
    form = image_form.read(request.POST)
    try:
        image_form.save(acting=place.principal, function=function, form=form)
        if request.POST.get("then") != "deploy":
            messages.info(request, "Saved in the draft. Deploy to make it hold.")
            return redirect("function_code", place.account, name)
        draft = Draft.objects.get(function=function)
        deployment = deploys.request_deploy(
            acting=place.principal, function=function, image=engine_images.pin_of(draft)
        )
    except FunctoryError as error:
        form.refuse(error)
        return image_page(request, function, form, error.status)
    return redirect("deployment", place.account, name, deployment.pk)


def _running(function: Function) -> dict[str, Any]:
    """What serves `live`, else what $LATEST is; nothing before the first deploy."""
    alias = function.aliases.filter(name=LIVE_ALIAS).select_related("version__revision__artifact").first()
    revision: Revision | None = alias.version.revision if alias and alias.version else function.latest
    if revision is None or not revision.is_image:
        return {}
    starts = program(revision.artifact.image, revision.image_config)
    return {
        "running": revision,
        "resolved": resolved_uri(revision.image_uri, f"sha256:{revision.artifact_id}"),
        "starts": shlex.join(starts.command),
        "starts_in": starts.directory,
    }
