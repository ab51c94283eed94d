"""Names typed before what cannot be undone, and the way back from what can: principle four of the console."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse

from functions.errors import InvalidParameterValue


def typed(request: HttpRequest, name: str) -> bool:
    """Whether the name was typed into the dialog (partials/delete_dialog.html); if not, the page that follows says
    that nothing was done."""
    if _is_typed(request, name, "typed_name"):
        return True
    messages.error(request, f"Nothing was changed. Type “{name}” to confirm.")
    return False


def require_typed(request: HttpRequest, name: str, field: str = "typed_name") -> None:
    """The same where the form itself says what is wrong; raises InvalidParameterValue. An object's name may have
    spaces at its ends, which are taken off what is typed."""
    if not _is_typed(request, name.strip(), field):
        raise InvalidParameterValue(f"Type {name} to confirm. Nothing was deleted.")


def _is_typed(request: HttpRequest, name: str, field: str) -> bool:
    return request.POST.get(field, "").strip() == name


def tell_deleted(request: HttpRequest, account: str, said: str, functions: Iterable[UUID]) -> None:
    """Say above the next page what was deleted, with a button that brings it back."""
    address = reverse("functions_restore", args=[account])
    query = urlencode({"function": [str(one) for one in functions]}, doseq=True)
    messages.info(request, said, extra_tags=f"{address}?{query}")
