"""The JSON protocol (Logs, Events, SQS): the operation in a header, parameters and answer in JSON, both by the model.
https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.model import StructureShape

from console.api.model import Operation
from console.api.parse import from_json
from console.api.shape import Answer, to_json
from functions.errors import Serialization


def parse_document(shape: StructureShape | None, body: bytes) -> dict[str, Any]:
    """The parameters of a JSON body; raises Serialization for one that is no object, and for a member of the wrong
    type."""
    try:
        document = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise Serialization(f"The request body is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise Serialization("The request body is not a JSON object.")
    if shape is None:
        return {}
    found: dict[str, Any] = from_json("", shape, document)
    return found


def write_answer(operation: Operation, result: Mapping[str, Any], version: str) -> Answer:
    """The result in JSON, of that version of the protocol ("1.1"); nothing where the operation has no output."""
    headers = {"Content-Type": f"application/x-amz-json-{version}"}
    if operation.output is None:
        return Answer(200, b"", headers)
    return Answer(200, json.dumps(to_json(operation.output, result)).encode(), headers)
