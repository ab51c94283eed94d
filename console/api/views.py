"""The door of the API: a relayed call comes in, with the principal that the gateway vouches for, and goes to the
operation that the model names. Served on web's unix socket only."""

from __future__ import annotations

import json
import logging
from urllib.parse import quote

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from console.api.call import Call
from console.api.edge import caller_of, failure, note, project_of
from console.api.model import Match, lambda_model
from console.api.parse import parse
from console.api.permits import check_permitted
from console.api.shape import Answer, shape_answer
from console.api.table import OPERATIONS
from console.api.validate import validate
from functions.errors import FunctoryError, UnknownOperation, Unsupported, error_body, error_headers
from functions.ids import new_id

log = logging.getLogger(__name__)


@csrf_exempt  # programs, not browsers: the signature was checked by the gateway
@login_not_required
def operation(request: HttpRequest) -> HttpResponse:
    """Any operation of the Lambda API but Invoke."""
    request_id = str(new_id())
    try:
        answer = _answer(request)
    except FunctoryError as error:
        match = _named(request)
        if match is not None and request.method != "GET":
            note(request, match.operation.name, _function_name(match, request), error, request_id)
        return _refused(error, request_id)
    except Exception as error:
        log.exception("operation failed: %s %s", request.method, request.path)
        return _refused(failure(error), request_id)
    headers = {"Content-Type": "application/json", "x-amzn-RequestId": request_id, **answer.headers}
    return HttpResponse(answer.body, status=answer.status, headers=headers)


def _refused(error: FunctoryError, request_id: str) -> HttpResponse:
    headers = dict(error_headers(error, request_id))
    return HttpResponse(error_body(error), status=error.status, headers=headers)


def _function_name(match: Match, request: HttpRequest) -> str:
    """As the path has it, or the body of CreateFunction; "" where neither says."""
    named = match.uri.get("FunctionName", "")
    if named:
        return named
    try:
        document = json.loads(request.body)
    except ValueError:
        return ""
    return str(document.get("FunctionName", "")) if isinstance(document, dict) else ""


def _answer(request: HttpRequest) -> Answer:
    principal = caller_of(request)
    match = _match(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = {name: list(values) for name, values in request.GET.lists()}
    parameters = parse(match, query, headers, request.body)
    validate(match.operation.input, parameters)
    call = Call(principal, project_of(principal), parameters)
    check_permitted(call, f"lambda:{match.operation.name}")
    return shape_answer(match.operation, OPERATIONS[match.operation.name](call))


def _match(request: HttpRequest) -> Match:
    match = _named(request)
    if match is None:
        raise UnknownOperation(
            f"{request.method} {request.path_info[:200]} is no operation of the Lambda API."
        )
    if match.operation.name not in OPERATIONS:
        raise Unsupported(f"{match.operation.name} is not supported by Functory yet.")
    return match


def _named(request: HttpRequest) -> Match | None:
    path = request.headers.get("x-functory-path") or quote(request.path_info)
    return lambda_model().match(request.method or "", path, request.GET.dict())
