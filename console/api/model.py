"""The Lambda API as botocore's service model describes it: which operation a request names, and its shapes.
Knows no operation's meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, StructureShape

_PARAMETER = re.compile(r"\{(\w+)\+?\}")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: how it is addressed, what it takes and answers. `query` holds literal query
    parameters that its address demands (`?find=LayerVersion`)."""

    name: str
    method: str
    path: re.Pattern[str]
    query: tuple[tuple[str, str], ...]
    status: int
    input: StructureShape | None
    output: StructureShape | None


@dataclass(frozen=True, slots=True)
class Match:
    """An operation with the values found in its path."""

    operation: Operation
    uri: Mapping[str, str]


class LambdaModel:
    """The service model `lambda/2015-03-31` of the installed botocore."""

    def __init__(self, service: ServiceModel) -> None:
        self.service = service
        found = [operation_of(service.operation_model(name)) for name in service.operation_names]
        # Addresses with a literal query are tried first: the same path without it is another operation.
        self.operations = sorted(found, key=lambda operation: not operation.query)

    def match(self, method: str, path: str, query: Mapping[str, str]) -> Match | None:
        """The operation that a request line names, or None; `path` is as it came over the wire, so that an encoded
        slash does not end a name."""
        for operation in self.operations:
            if operation.method != method:
                continue
            found = operation.path.fullmatch(path)
            if found and all(query.get(name) == value for name, value in operation.query):
                return Match(operation, {name: unquote(text) for name, text in found.groupdict().items()})
        return None


def operation_of(model: OperationModel) -> Operation:
    """An operation of any service."""
    path, _, literal = model.http["requestUri"].partition("?")
    return Operation(
        name=model.name,
        method=model.http["method"],
        path=re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", path.rstrip("/")) + "/?"),
        query=tuple(parse_qsl(literal)),
        status=model.http.get("responseCode", 200),
        input=model.input_shape,
        output=model.output_shape,
    )


@lru_cache(maxsize=1)
def lambda_model() -> LambdaModel:
    """The model, parsed once per process (0.1 s)."""
    description = Loader().load_service_model("lambda", "service-2", "2015-03-31")
    return LambdaModel(ServiceModel(description, "lambda"))
