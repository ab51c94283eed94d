"""What every page's view is wrapped in: the project of the address, who acts in it, and refusals as pages or
fragments. Knows no model but through the access queries."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import resolve
from django.views.decorators.vary import vary_on_headers

from functions.errors import AccessDenied, FunctoryError, InvalidRequestContent, ResourceNotFound
from functions.ids import new_id
from functions.models import Function, Project, User
from functions.queries import access
from functions.snapshots import Principal
from functions.states import Role
from runner.client import GatewayDown, GatewayRefused

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands: the project of its address and the person in it."""

    project: Project
    principal: Principal
    user: User

    @property
    def account(self) -> str:
        """The project's account number, as addresses have it."""
        return self.project.account

    def function(self, name: str) -> Function:
        """A live function of the project by its address (`name` or `name@region`); raises ResourceNotFound."""
        return access.function_at(project_id=self.project.id, address=name)

    def function_typed(self, name: str, field: str) -> Function | None:
        """The same for a field of a form that may be empty; raises ResourceNotFound with the field."""
        try:
            return self.function(name) if name else None
        except ResourceNotFound as error:
            raise ResourceNotFound(error.message, field=field) from None

    def may(self, role: Role) -> bool:
        """Whether the person has that role or a higher one."""
        return Role(self.principal.role).rank >= role.rank

    def require(self, role: Role) -> None:
        """Raises AccessDenied, saying who can grant it, when the role is too low."""
        if not self.may(role):
            raise AccessDenied(
                f"This needs the role {role.label.lower()}; yours is {Role(self.principal.role).label.lower()}."
            )


def project_view(role: Role = Role.VIEWER) -> Callable[[View], View]:
    """A view under /p/<account>/: it is called with (request, place, ...) for people with `role` or higher.
    A FunctoryError that it raises becomes a page, or a fragment or JSON where the browser's script asked.
    The view says its `role`, so that nobody is offered a page that would refuse them (see `may_open`)."""

    def wrap(view: View) -> View:
        @wraps(view)
        @vary_on_headers("HX-Request")
        def answer(request: HttpRequest, account: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                place = place_of(request, account)
                place.require(role)
                return view(request, place, *args, **kwargs)
            except FunctoryError as error:
                return refusal(request, error)
            except (GatewayDown, GatewayRefused) as error:
                return refusal(request, gateway_error(error))

        answer.role = role  # type: ignore[attr-defined]
        return answer

    return wrap


def may_open(place: Place, address: str) -> bool:
    """Whether the page at that address of the project is for this person's role."""
    return place.may(getattr(resolve(urlsplit(address).path).func, "role", Role.VIEWER))


def place_of(request: HttpRequest, account: str) -> Place:
    """The place of a request, kept on it for the page frame; raises ResourceNotFound for strangers."""
    user = request.user
    assert isinstance(user, User)  # LoginRequiredMiddleware has seen to it
    project, principal = access.project_for(user, account, client_address(request))
    place = Place(project, principal, user)
    request.place = place  # type: ignore[attr-defined]
    return place


def client_address(request: HttpRequest) -> str:
    """Who calls, for the audit log: web is reached directly or over a unix socket, so no header is trusted."""
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def gateway_error(error: GatewayDown | GatewayRefused) -> FunctoryError:
    """The gateway's refusal in the domain's terms."""
    shown = FunctoryError(error.message if isinstance(error, GatewayRefused) else str(error))
    shown.status = error.status if isinstance(error, GatewayRefused) else 503
    shown.code = error.code if isinstance(error, GatewayRefused) else "ServiceUnavailableException"
    return shown


def refusal(request: HttpRequest, error: FunctoryError) -> HttpResponse:
    """A refusal in the form that was asked for."""
    request_id = str(new_id())
    if wants_json(request):
        shape = {"code": error.code, "message": error.message, "field": error.field}
        return JsonResponse({"error": shape}, status=error.status)
    page = {"error": error, "request_id": request_id}
    if request.headers.get("HX-Request"):
        return render(request, "partials/error.html", page, status=error.status)
    return render(request, "error.html", page, status=error.status)


def wants_json(request: HttpRequest) -> bool:
    """Whether a script of ours asked for JSON."""
    return request.headers.get("Accept", "").startswith("application/json")


def read_json(request: HttpRequest) -> dict[str, Any]:
    """The JSON object in a body; raises InvalidRequestContent."""
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestContent("The request's body is not JSON.") from error
    if not isinstance(found, dict):
        raise InvalidRequestContent("The request's body is not a JSON object.")
    return found
