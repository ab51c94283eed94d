"""The form of a draft's settings, as the Configuration tab and the wizard's last step have it: what was typed,
turned into the service's values. Environment values stay masked unless their reader may see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import QueryDict

from console.forms import Form, as_mapping, read_pairs
from functions import pricing
from functions.installation import vault
from functions.models import Draft, Revision
from functions.queries import secrets
from functions.secret_references import reference

TEXTS = ("description", "handler", "runtime", "network", "event_capture")
NUMBERS = {"memory_mb": "Memory", "timeout_s": "The time-out", "ephemeral_mb": "Temporary storage"}
LINES = "redact"
LAYERS = "layers"
FIELDS = (*TEXTS, *NUMBERS, LINES, LAYERS)
# A container image has its own of the others.
IMAGE_FIELDS = tuple(name for name in FIELDS if name not in {"handler", "runtime", LAYERS})
MASKED = "environment_masked"


def form_of(draft: Draft) -> Form:
    """The form as it stands before anything is typed; `environment` and `kind` are there for refusals."""
    values = {name: str(getattr(draft, name)) for name in (*TEXTS, *NUMBERS)}
    lines = {LINES: "\n".join(draft.redact), LAYERS: "\n".join(draft.layers)}
    return Form(values | lines | {"environment": ""})


def read_form(post: QueryDict, names: tuple[str, ...] = FIELDS) -> Form:
    """What was typed."""
    form = Form.read(post, names)
    form.values["environment"] = ""
    return form


def typed_settings(form: Form) -> dict[str, Any]:
    """The fields of a form as services.drafts.save_configuration takes them; raises InvalidParameterValue."""
    values: dict[str, Any] = {name: form.text(name) for name in TEXTS if name in form.values}
    numbers = {name: form.number(name, label) for name, label in NUMBERS.items() if name in form.values}
    lines = {LINES: form.text(LINES)} if LINES in form.values else {}
    layers = {LAYERS: form.text(LAYERS).split()} if LAYERS in form.values else {}
    return values | numbers | lines | layers


def environment_of(source: Draft | Revision) -> dict[str, str]:
    """The variables in clear."""
    return vault().unseal_environment(source.environment)


def typed_environment(post: QueryDict, known: Mapping[str, str]) -> dict[str, str]:
    """The variables of the form; where values were masked, an empty one means the value it had. Raises
    InvalidParameterValue with field `environment`."""
    typed = as_mapping(read_pairs(post, "environment"), field_name="environment", noun="variable")
    if post.get(MASKED) != "1":
        return typed
    return {name: value or known.get(name, "") for name, value in typed.items()}


def shown_environment(known: Mapping[str, str], *, reveal: bool) -> list[tuple[str, str]]:
    """Rows for the form: values only where they are revealed."""
    return [(name, value if reveal else "") for name, value in sorted(known.items())]


def secret_references(project_id: UUID) -> list[str]:
    """What may be put into a value for each secret of the project."""
    return [reference(name) for name in secrets.names(project_id)]


def million_pico(memory_mb: int, duration_ms: int) -> int:
    """What a million calls of that size cost, in pico-dollars, at the list price."""
    return pricing.cost_per_million_pico(pricing.LIST_PRICE, memory_mb, max(1, duration_ms))
