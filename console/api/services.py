"""The services that are named by a header or a form and not by an address: which there are, what they speak, and
which operation a request asks of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel

from console.api.model import Operation, operation_of
from console.api.protocols import json_target, query, queue_query
from console.api.shape import Answer
from functions.errors import FunctoryError, InvalidParameter, UnknownOperation, Validation
from functions.protocols import WireProtocol
from functions.queue_errors import InvalidQueueParameter

# (name, version) of botocore's models; the version of a query service is also what its requests name it by.
_QUERY = {"2011-06-15": "sts", "2010-05-08": "iam", "2012-11-05": "sqs"}
_TARGETS = {
    "Logs_20140328": ("logs", "2014-03-28"),
    "AWSEvents": ("events", "2015-10-07"),
    "secretsmanager": ("secretsmanager", "2017-10-17"),
    "AmazonSQS": ("sqs", "2012-11-05"),
}
# What breaks the model's constraints is told as these services tell any wrong parameter.
_INVALID: Mapping[str, type[FunctoryError]] = {
    "logs": InvalidParameter,
    "secretsmanager": InvalidParameter,
    "sqs": InvalidQueueParameter,
}


@dataclass(frozen=True, slots=True)
class Service:
    """A service: its model and how it is spoken to."""

    name: str
    model: ServiceModel

    @property
    def protocol(self) -> WireProtocol:
        """What its requests and answers are written in."""
        return WireProtocol(self.model.metadata["protocol"])

    @property
    def namespace(self) -> str:
        """Of its XML; "" where it has none."""
        namespace: str = self.model.metadata.get("xmlNamespace", "")
        return namespace

    @property
    def invalid(self) -> type[FunctoryError]:
        """How it calls parameters that break a constraint of the model."""
        return _INVALID.get(self.name, Validation)

    def operation(self, name: str) -> Operation:
        """An operation of the model; raises UnknownOperation."""
        if name not in self.model.operation_names:
            raise UnknownOperation(f"The action {name[:128]} is not valid for {self.name}.")
        return operation_of(self.model.operation_model(name))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks of a service. `form` are the fields of a query request, without Action and Version."""

    service: Service
    operation: Operation
    form: Mapping[str, str]
    body: bytes

    def parameters(self) -> dict[str, Any]:
        """The operation's parameters; raises Serialization."""
        if self.service.protocol is WireProtocol.QUERY:
            return query.parse_form(self.operation.input, self.form)
        return json_target.parse_document(self.operation.input, self.body)

    def answer(self, result: Mapping[str, Any], request_id: str) -> Answer:
        """The operation's result as it goes over the wire."""
        if self.service.protocol is WireProtocol.QUERY:
            return query.write_answer(self.operation, self.service.namespace, result, request_id)
        version = str(self.service.model.metadata["jsonVersion"])
        return json_target.write_answer(self.operation, result, version)


def asked_by_target(target: str, body: bytes) -> Asked:
    """By X-Amz-Target (`Logs_20140328.CreateLogGroup`); raises UnknownOperation."""
    prefix, _, name = target.partition(".")
    if prefix not in _TARGETS:
        raise UnknownOperation(f"No service is called by X-Amz-Target {target[:128]}.")
    found = service(*_TARGETS[prefix])
    return Asked(found, found.operation(name), {}, body)


def asked_by_form(form: Mapping[str, str]) -> Asked:
    """By Action and Version; raises UnknownOperation."""
    name, version = form.get("Action", ""), form.get("Version", "")
    if not name:
        raise UnknownOperation("The request names no operation: it has neither X-Amz-Target nor Action.")
    if version not in _QUERY:
        raise UnknownOperation(f"Could not find operation {name[:128]} for version {version[:32]}")
    found = service(_QUERY[version], version, form=True)
    rest = {key: value for key, value in form.items() if key not in {"Action", "Version"}}
    return Asked(found, found.operation(name), rest, b"")


@lru_cache(maxsize=8)
def service(name: str, version: str, *, form: bool = False) -> Service:
    """A service's model, parsed once per process; SQS is spoken to in two ways."""
    description = Loader().load_service_model(name, "service-2", version)
    if form and name == "sqs":
        return Service(name, queue_query.query_model(description))
    return Service(name, ServiceModel(description, name))
