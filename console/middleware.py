"""What every answer of the console carries: a strict content security policy without inline script or style,
and which console it came from; and the one detour: a person with a one-time password chooses another before
anything else."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.shortcuts import redirect
from django.urls import reverse

from console.release import release
from functions.models import User

Next = Callable[[HttpRequest], HttpResponse]


class ContentSecurityPolicy:
    """Adds the policy; live streams come from the gateway's origin, so it is named in connect-src."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self.policy = "; ".join(
            (
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                "img-src 'self' data:",
                "font-src 'self'",
                f"connect-src 'self' {settings.FUNCTORY.gateway_public_url}",
                "form-action 'self'",
                "base-uri 'none'",
                "frame-ancestors 'none'",
            )
        )

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the policy set."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        return response


class Release:
    """Says with each answer which console gave it: a page compares it with its own and offers to be reloaded."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the name set."""
        response = self.get_response(request)
        response.headers["X-Functory-Release"] = release()
        return response


class StorableAddresses:
    """Refuses addresses with a NUL character: nothing has such a name, and PostgreSQL takes no such text."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or say that there is no such page."""
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return HttpResponseNotFound("There is nothing at this address.", content_type="text/plain")
        return self.get_response(request)


class PasswordChange:
    """Sends people who must change their password to the page where they do."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or redirect."""
        user = getattr(request, "user", None)
        if isinstance(user, User) and user.must_change_password:
            allowed = {reverse("change_password"), reverse("logout")}
            if request.path not in allowed and not request.path.startswith(settings.STATIC_URL):
                return redirect("change_password")
        return self.get_response(request)
