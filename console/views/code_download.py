"""The links that GetFunction gives to a function's code and GetLayerVersion to a layer's: good for ten minutes, for
whoever holds one, as AWS's presigned links are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from functions.errors import FunctoryError
from functions.installation import relay_key, store
from functions.models import LayerVersion, Revision
from functions.tokens import read_ticket


@require_safe
@login_not_required
def package(_request: HttpRequest, ticket: str) -> FileResponse:
    """The zip exactly as it was uploaded."""
    try:
        claims = read_ticket(relay_key(), ticket)
    except FunctoryError:
        raise Http404 from None
    sha256 = _package(claims)
    if sha256 is None:
        raise Http404
    path = store().blob(sha256)
    if not path.exists():
        path = store().upload(sha256)
    return FileResponse(
        path.open("rb"), as_attachment=True, filename="code.zip", content_type="application/zip"
    )


def _package(claims: Mapping[str, Any]) -> str | None:
    """The hash of what a ticket is for; None for one that is for something else."""
    if "layer" in claims:
        layer = LayerVersion.objects.filter(pk=claims["layer"]).first()
        return layer.artifact_id if layer else None
    if "code" in claims:
        revision = Revision.objects.filter(pk=claims["code"], function_id=claims["function"]).first()
        return revision.artifact_id if revision else None
    return None
