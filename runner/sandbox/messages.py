"""What the gateway tells a sandbox: the binding, once, and the header of each event. Pure."""

from __future__ import annotations

import json
from typing import Any

from runner.sandbox.spec import Binding, Call


def bind_message(binding: Binding, marker: bytes) -> bytes:
    """Handler, environment, and the secret that ends a request's output."""
    document: dict[str, Any] = {
        "handler": binding.handler,
        "environment": dict(binding.environment),
        "marker": marker.decode(),
    }
    if binding.command or binding.directory:
        document |= {"command": list(binding.command), "directory": binding.directory}
    return json.dumps(document).encode()


def call_header(call: Call) -> dict[str, Any]:
    """What travels with an event's payload."""
    return {
        "id": call.request_id,
        "deadline_ms": call.deadline_ms,
        "arn": call.arn,
        "trace": call.trace_id,
        "client": call.client_context,
        "identity": call.identity,
    }
