"""People of a project: list, add with a one-time password, change the role, remove."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from console.confirming import typed
from console.http import Place, project_view
from functions.errors import FunctoryError, InvalidParameterValue
from functions.models import Membership
from functions.services import people
from functions.states import Role


@never_cache
@project_view()
def listing(request: HttpRequest, place: Place) -> HttpResponse:
    """Everybody in the project; POST adds a person (administrators)."""
    if request.method == "POST":
        place.require(Role.ADMINISTRATOR)
        return _add(request, place)
    return render(request, "settings/people.html", _page(place))


@require_POST
@project_view(role=Role.ADMINISTRATOR)
def change_role(request: HttpRequest, place: Place, user_id: UUID) -> HttpResponse:
    """Give a member another role."""
    membership = _membership(place, user_id)
    role = role_named(request.POST.get("role", ""))
    people.set_role(acting=place.principal, membership=membership, role=role)
    messages.info(request, f"{membership.user.username} has another role now.")
    return redirect("people", place.project.account)


@require_POST
@project_view(role=Role.ADMINISTRATOR)
def remove(request: HttpRequest, place: Place, user_id: UUID) -> HttpResponse:
    """Take a person out of the project, once their name was typed; what they made stays."""
    membership = _membership(place, user_id)
    if typed(request, membership.user.username):
        people.remove_member(acting=place.principal, membership=membership)
        messages.info(request, f"{membership.user.username} is no longer in this project.")
    return redirect("people", place.project.account)


def _add(request: HttpRequest, place: Place) -> HttpResponse:
    username, chosen_role = request.POST.get("username", ""), request.POST.get("role", "")
    try:
        user, password = people.create_member(
            acting=place.principal,
            project=place.project,
            username=username,
            role=role_named(chosen_role),
        )
    except FunctoryError as error:
        page = {**_page(place), "error": error, "username": username, "chosen_role": chosen_role}
        return render(request, "settings/people.html", page, status=error.status)
    # As with keys: only this answer ever carries the password.
    return render(
        request,
        "settings/people.html",
        {**_page(place), "made": {"user": user, "password": password}},
        status=201,
    )


def role_named(text: str) -> Role:
    """The role of a form's choice; raises InvalidParameterValue with field `role`."""
    if text not in Role.values:
        raise InvalidParameterValue("Choose one of the roles.", field="role")
    return Role(text)


def _page(place: Place) -> dict[str, Any]:
    members = Membership.objects.filter(project=place.project).select_related("user")
    return {
        "tab": "people",
        "members": sorted(members, key=lambda member: member.user.username)[:500],
        "roles": Role.choices,
        "may_change": place.may(Role.ADMINISTRATOR),
    }


def _membership(place: Place, user_id: UUID) -> Membership:
    return get_object_or_404(
        Membership.objects.select_related("user"), project=place.project, user_id=user_id
    )
