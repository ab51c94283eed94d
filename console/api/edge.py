"""What every door of the API does at its edge: whose project it is, what a program is told of a fault, and which
refusals are kept."""

from __future__ import annotations

import logging

from django.db import DatabaseError
from django.http import HttpRequest

from functions.errors import FunctoryError, ServiceError
from functions.installation import config, relay_key
from functions.models import Project
from functions.outages import full_disk
from functions.services.refusals import note_refusal
from functions.snapshots import Principal
from functions.tokens import read_principal

log = logging.getLogger(__name__)


def caller_of(request: HttpRequest) -> Principal:
    """Whom the gateway vouches for; raises AccessDenied."""
    return read_principal(relay_key(), request.headers.get("x-functory-principal", ""))


def project_of(principal: Principal) -> Project:
    """The caller's project."""
    return Project.objects.get(pk=principal.project_id)


def failure(error: Exception) -> FunctoryError:
    """What a program is told of a fault that is not its own."""
    unknown = ServiceError("The control plane failed. The same call may work in a moment.")
    return full_disk(error, config().home) or unknown


def note(
    request: HttpRequest, operation: str, function_name: str, error: FunctoryError, request_id: str
) -> None:
    """Keep a change that was refused. Questions are not kept: a deployer asks for what is not there yet, and a
    refusal is its answer. The caller says which is which."""
    if error.status >= 500:
        return
    try:
        note_refusal(
            acting=caller_of(request),
            operation=operation,
            function_name=function_name,
            error=error,
            payload_bytes=len(request.body),
            request_id=request_id,
        )
    except (FunctoryError, DatabaseError) as trouble:
        log.warning("a refused %s was not noted: %s", operation, trouble)
