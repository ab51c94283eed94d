"""Logging in and out, and choosing another password. Sessions and hashing are Django's."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from console.forms import Form
from console.http import client_address
from functions import queues
from functions.errors import FunctoryError, InvalidParameterValue
from functions.log_in_limit import LogInLimit
from functions.models import User
from functions.queries import access
from functions.services import people
from functions.snapshots import Principal


class LogIn(LoginView):
    """The page that everybody without a session gets; it says no more than that name or password is wrong. Who has
    tried too often is not heard for a while, with the right password neither."""

    template_name = "login.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """An attempt, unless there were too many."""
        wait_s = _limit().wait_s(self._name, client_address(request))
        if wait_s:
            form = AuthenticationForm(request, initial={"username": self._name})
            page = {"form": form, "wait_minutes": -(-wait_s // 60), "next": self.get_redirect_url()}
            answer = self.render_to_response(page, status=429)
            answer.headers["Retry-After"] = str(wait_s)
            return answer
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Count it."""
        _limit().failed(self._name, client_address(self.request))
        return super().form_invalid(form)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Begin the session, and note who has come from where."""
        address = client_address(self.request)
        _limit().succeeded(self._name, address)
        user = form.get_user()
        assert isinstance(user, User)  # of this installation: there is no other kind
        people.note_log_in(acting=_principal(self.request, user), user=user)
        return super().form_valid(form)

    @property
    def _name(self) -> str:
        return self.request.POST.get("username", "")[:150]


class LogOut(LogoutView):
    """Ends the session (POST only)."""


def change_password(request: HttpRequest) -> HttpResponse:
    """A person's own new password; those with a one-time password see nothing else before."""
    user = request.user
    assert isinstance(user, User)  # LoginRequiredMiddleware has seen to it
    form = Form()
    if request.method == "POST":
        # Passwords are typed as they are: blanks at the ends count, and none goes back into the page.
        form.values = {"current": "", "password": "", "again": ""}
        try:
            _change(request, user)
        except FunctoryError as error:
            form.refuse(error)
        else:
            messages.info(request, "The new password holds from now on.")
            return redirect("root")
    page = {"form": form, "must": user.must_change_password}
    return render(request, "change_password.html", page, status=400 if form.errors else 200)


def _change(request: HttpRequest, user: User) -> None:
    current, password = request.POST.get("current", ""), request.POST.get("password", "")
    if not user.check_password(current):
        raise InvalidParameterValue("This is not your current password.", field="current")
    if password == current:
        raise InvalidParameterValue("Choose a password other than the current one.", field="password")
    if password != request.POST.get("again", ""):
        raise InvalidParameterValue("The two do not match.", field="again")
    people.change_password(acting=_principal(request, user), user=user, password=password)
    update_session_auth_hash(request, user)


def _limit() -> LogInLimit:
    return LogInLimit(queues.connection(), queues.prefix())


def _principal(request: HttpRequest, user: User) -> Principal:
    """The person, outside of any project."""
    projects = access.projects_of(user)
    if projects:
        return access.project_for(user, projects[0].account, client_address(request))[1]
    return Principal("user", str(user.pk), user.get_username(), "", "", "viewer", client_address(request))
