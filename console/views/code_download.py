"""The link that GetFunction gives to a function's code: good for ten minutes, for whoever holds it, as AWS's
presigned link is."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from functions.errors import FunctoryError
from functions.installation import relay_key, store
from functions.models import Revision
from functions.tokens import read_ticket


@require_safe
@login_not_required
def package(_request: HttpRequest, ticket: str) -> FileResponse:
    """The zip exactly as it was uploaded."""
    try:
        claims = read_ticket(relay_key(), ticket)
    except FunctoryError:
        raise Http404 from None
    if "code" not in claims:  # a ticket for something else
        raise Http404
    revision = Revision.objects.filter(pk=claims["code"], function_id=claims["function"]).first()
    if revision is None:
        raise Http404
    path = store().blob(revision.artifact_id)
    if not path.exists():
        path = store().upload(revision.artifact_id)
    return FileResponse(
        path.open("rb"), as_attachment=True, filename="code.zip", content_type="application/zip"
    )
