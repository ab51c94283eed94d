"""The door of Lambda's neighbours: a relayed call on the root address, to the operation that its header or form
names. Served on web's unix socket only."""

from __future__ import annotations

import logging

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.views.decorators.csrf import csrf_exempt

from console.api.call import Call
from console.api.edge import caller_of, failure, note, project_of
from console.api.neighbour_table import OPERATIONS, PATIENCE
from console.api.permits import check_permitted
from console.api.protocols.queue_query import with_address
from console.api.services import Asked, asked_by_form, asked_by_target
from console.api.validate import validate
from functions.errors import FunctoryError, NotImplementedHere, Validation
from functions.ids import new_id
from functions.installation import config
from functions.protocols import WAIT, protocol_of, refusal
from functions.snapshots import Principal

log = logging.getLogger(__name__)
_QUESTIONS = ("Get", "List", "Describe", "Filter")


@csrf_exempt  # programs, not browsers: the signature was checked by the gateway
@login_not_required
def neighbour(request: HttpRequest) -> HttpResponse:
    """Any operation of STS, IAM, Logs, Events, SQS and Secrets Manager."""
    request_id = str(new_id())
    asked: Asked | None = None
    try:
        principal = caller_of(request)
        asked = _asked(request)
        return _answer(asked, principal, request_id, request.headers.get("x-amzn-trace-id", ""))
    except FunctoryError as error:
        told = error
        if asked is not None and not asked.operation.name.startswith(_QUESTIONS):
            note(request, asked.operation.name, "", error, request_id)
    except Exception as error:
        log.exception("operation failed: %s", asked.operation.name if asked else request.path)
        told = failure(error)
    return _refused(request, asked, told, request_id)


def _answer(asked: Asked, principal: Principal, request_id: str, trace: str) -> HttpResponse:
    name = f"{asked.service.name}:{asked.operation.name}"
    operation = OPERATIONS.get(name)
    if operation is None:
        raise NotImplementedHere(f"Functory does not have {name}.")
    parameters = asked.parameters()
    try:
        validate(asked.operation.input, parameters)
    except Validation as error:
        raise asked.service.invalid(error.message) from None
    call = Call(principal, project_of(principal), parameters, trace)
    check_permitted(call, name)
    result = operation(call)
    answer = asked.answer(result, request_id)
    headers = {**answer.headers, "x-amzn-RequestId": request_id}
    if name in PATIENCE and (wait_s := PATIENCE[name](call, result)):
        headers[WAIT] = str(wait_s)
    return HttpResponse(answer.body, headers=headers)


def _asked(request: HttpRequest) -> Asked:
    target = request.headers.get("x-amz-target", "")
    if target:
        return asked_by_target(target, request.body)
    body = QueryDict(request.body, mutable=False, encoding="utf-8") if request.method == "POST" else None
    form = {**request.GET.dict(), **(body.dict() if body else {})}
    told = {name: str(value) for name, value in form.items()}
    return asked_by_form(with_address(told, request.path_info, config().gateway_public_url))


def _refused(
    request: HttpRequest, asked: Asked | None, error: FunctoryError, request_id: str
) -> HttpResponse:
    headers = {name.lower(): value for name, value in request.headers.items()}
    namespace = asked.service.namespace if asked else ""
    shown = refusal(protocol_of("/", headers), error, request_id, namespace)
    return HttpResponse(shown.body, status=shown.status, headers=dict(shown.headers))
