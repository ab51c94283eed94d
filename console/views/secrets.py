"""Secrets: list and create, and the page of one with its use, another value, its value in clear, its end."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from console.forms import Form
from console.http import Place, project_view
from console.snippets import aws
from functions.errors import FunctoryError
from functions.models import Secret
from functions.queries import secrets as queries
from functions.secret_references import reference
from functions.services import secrets as services
from functions.states import Role

FIELDS = ("name", "description", "value")
MOST_FUNCTIONS = 100


@project_view()
def listing(request: HttpRequest, place: Place) -> HttpResponse:
    """The project's secrets; POST creates one."""
    form = Form(dict.fromkeys(FIELDS, ""))
    status = 200
    if request.method == "POST":
        place.require(Role.DEVELOPER)
        form = Form.read(request.POST, FIELDS)
        try:
            secret = services.create_secret(
                acting=place.principal,
                project=place.project,
                name=form.text("name"),
                value=request.POST.get("value", ""),
                description=form.text("description"),
            )
        except FunctoryError as error:
            form.refuse(error)
            status = error.status
        else:
            messages.info(request, f"{secret.name} is kept. Put its reference into a variable's value.")
            return redirect("secret", place.account, secret.pk)
    page = {"tab": "secrets", "secrets": queries.listing(place.project.pk), "form": form}
    return render(request, "settings/secrets.html", page, status=status)


@never_cache
@project_view()
def page(request: HttpRequest, place: Place, secret_id: UUID) -> HttpResponse:
    """One secret; POST gives it another value."""
    secret = _secret(place, secret_id)
    form = Form({"value": ""})
    if request.method != "POST":
        return _page(request, secret, form=form)
    place.require(Role.DEVELOPER)
    try:
        services.put_value(acting=place.principal, secret=secret, value=request.POST.get("value", ""))
    except FunctoryError as error:
        form.refuse(error)
        return _page(request, secret, status=error.status, form=form)
    messages.info(request, "The next calls of the functions that use it have the new value.")
    return redirect("secret", place.account, secret.pk)


@never_cache
@require_POST
@project_view(role=Role.OPERATOR)
def reveal(request: HttpRequest, place: Place, secret_id: UUID) -> HttpResponse:
    """The page with the value in clear, this once; the audit log says who has seen it."""
    secret = _secret(place, secret_id)
    value = services.reveal(acting=place.principal, secret=secret)
    return _page(request, secret, form=Form({"value": ""}), value=value)


@require_POST
@project_view(role=Role.DEVELOPER)
def delete(request: HttpRequest, place: Place, secret_id: UUID) -> HttpResponse:
    """Gone for good, once its name was typed and no function that runs needs it."""
    secret = _secret(place, secret_id)
    typed = request.POST.get("typed_name", "").strip()
    try:
        services.delete_secret(acting=place.principal, secret=secret, typed_name=typed)
    except FunctoryError as error:
        form = Form({"value": ""})
        return _page(request, secret, status=error.status, form=form, delete_problem=error.message)
    messages.info(request, f"{secret.name} is deleted.")
    return redirect("secrets", place.account)


def _page(request: HttpRequest, secret: Secret, *, status: int = 200, **more: Any) -> HttpResponse:
    using = queries.functions_using(secret)
    shown = {
        "tab": "secrets",
        "secret": secret,
        "reference": reference(secret.name),
        "functions": using[:MOST_FUNCTIONS],
        "function_count": using.count(),
        "command": _command(secret),
        **more,
    }
    return render(request, "settings/secret.html", shown, status=status)


def _command(secret: Secret) -> str:
    """How a function gets it from the command line."""
    variables = f"Variables={{PASSWORD='{reference(secret.name)}'}}"
    name = ("--function-name", "NAME", "--environment", variables)
    return aws(settings.FUNCTORY, "lambda", "update-function-configuration", *name)


def _secret(place: Place, secret_id: UUID) -> Secret:
    rows = Secret.objects.filter(project=place.project).select_related("changed_by").defer("value")
    found = rows.filter(pk=secret_id).first()
    if found is None:
        raise Http404
    return found
