"""Names typed before what cannot be undone, and the way back from what can: principle four of the console."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse


def typed(request: HttpRequest, name: str) -> bool:
    """Whether the name was typed into the dialog (partials/delete_dialog.html); if not, the page that follows says
    that nothing was done."""
    if request.POST.get("typed_name", "").strip() == name:
        return True
    messages.error(request, f"Nothing was changed. Type “{name}” to confirm.")
    return False


def tell_deleted(request: HttpRequest, account: str, said: str, functions: Iterable[UUID]) -> None:
    """Say above the next page what was deleted, with a button that brings it back."""
    address = reverse("functions_restore", args=[account])
    query = urlencode({"function": [str(one) for one in functions]}, doseq=True)
    messages.info(request, said, extra_tags=f"{address}?{query}")
