"""Access keys: list, create with the secret shown once and ready to paste, revoke."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from console.confirming import typed
from console.http import Place, project_view
from console.snippets import aws_configure, environment
from functions.errors import FunctoryError
from functions.models import AccessKey
from functions.services import keys
from functions.states import Role


@never_cache
@project_view(role=Role.DEVELOPER)
def listing(request: HttpRequest, place: Place) -> HttpResponse:
    """The keys of the project (administrators), or one's own; POST creates one."""
    if request.method == "POST":
        return _create(request, place)
    return render(request, "settings/keys.html", _page(place))


@require_POST
@project_view(role=Role.DEVELOPER)
def revoke(request: HttpRequest, place: Place, key_id: str) -> HttpResponse:
    """End a key at once, once its id was typed: the gateway forgets it with the next message."""
    key = get_object_or_404(_visible(place), key_id=key_id)
    if typed(request, key.key_id):
        keys.revoke_access_key(acting=place.principal, key=key)
        messages.info(request, f"Key {key.key_id} is revoked. Calls signed with it fail from now on.")
    return redirect("keys", place.project.account)


def _create(request: HttpRequest, place: Place) -> HttpResponse:
    description = request.POST.get("description", "").strip()
    try:
        key, secret = keys.create_access_key(
            acting=place.principal, project=place.project, user=place.user, description=description
        )
    except FunctoryError as error:
        page = {**_page(place), "error": error, "description": description}
        return render(request, "settings/keys.html", page, status=error.status)
    made = {
        "key": key,
        "secret": secret,
        "configure": aws_configure(key.key_id, secret, settings.FUNCTORY),
        "environment": environment(key.key_id, secret, settings.FUNCTORY),
    }
    # The answer to the POST is the only page that ever carries the secret: there is nothing to redirect to.
    return render(request, "settings/keys.html", {**_page(place), "made": made}, status=201)


def _page(place: Place) -> dict[str, Any]:
    return {
        "tab": "keys",
        "keys": _visible(place).order_by("-created_at")[:500],
        "endpoint": settings.FUNCTORY.gateway_public_url,
    }


def _visible(place: Place) -> Any:
    rows = AccessKey.objects.filter(project=place.project).select_related("user")
    if place.may(Role.ADMINISTRATOR):
        return rows
    return rows.filter(user=place.user)
