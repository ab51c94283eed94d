"""AddPermission, RemovePermission, GetPolicy: the statements on a function, a version or an alias."""

from __future__ import annotations

import json
from typing import Any

from console.api import describe
from console.api.call import Call
from console.api.operations.functions import configuration_of
from functions.errors import InvalidParameterValue, ResourceNotFound
from functions.models import Alias, Function, FunctionPolicy
from functions.naming import is_latest
from functions.policies import statement_document
from functions.services import policies as services
from functions.states import LATEST

Output = dict[str, Any]
_CONDITIONS = (
    "SourceArn",
    "SourceAccount",
    "FunctionUrlAuthType",
    "PrincipalOrgID",
    "EventSourceToken",
    "InvokedViaFunctionUrl",
)


def add_permission(call: Call) -> Output:
    """Let somebody else call a qualifier; the gateway goes by it from then on."""
    function, qualifier = call.function(), call.reference().qualifier
    if qualifier == LATEST:
        raise InvalidParameterValue("We currently do not support adding policies for $LATEST.")
    own_revision = _own_revision(function, qualifier)
    members = {name: call[name] for name in _CONDITIONS if name in call.parameters}
    statement = statement_document(call["StatementId"], call["Action"], call["Principal"], **members)
    services.add_permission(
        acting=call.principal,
        function=function,
        qualifier=qualifier,
        statement=statement,
        revision_id=call.get("RevisionId", ""),
        first_revision_id=own_revision,
    )
    return {"Statement": json.dumps(describe.statement(statement, _resource(function, qualifier)))}


def remove_permission(call: Call) -> Output:
    """Take a statement off."""
    services.remove_permission(
        acting=call.principal,
        function=call.function(),
        qualifier=call.reference().qualifier,
        sid=call["StatementId"],
        revision_id=call.get("RevisionId", ""),
    )
    return {}


def get_policy(call: Call) -> Output:
    """The statements as AWS's policy document."""
    function, qualifier = call.function(), call.reference().qualifier
    wanted = "" if is_latest(qualifier) else qualifier
    policy = FunctionPolicy.objects.filter(function=function, qualifier=wanted).first()
    if policy is None or not policy.statements:
        raise ResourceNotFound("The resource you requested does not exist.")
    document = describe.policy(policy.statements, _resource(function, wanted))
    return {"Policy": document, "RevisionId": str(policy.revision)}


def _resource(function: Function, qualifier: str) -> str:
    return f"{function.arn}:{qualifier}" if qualifier else function.arn


def _own_revision(function: Function, qualifier: str) -> str:
    """RevisionId of what the policy is put on; raises ResourceNotFound when that does not exist."""
    shown = configuration_of(function, qualifier)
    rows = Alias.objects.select_related("version", "second_version")
    alias = rows.filter(function=function, name=qualifier).first()
    return str((describe.alias(function, alias) if alias else shown)["RevisionId"])
