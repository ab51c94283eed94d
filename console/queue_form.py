"""The forms of a queue and of a message: what was typed as AWS's attributes, and the reverse. Pure."""

from __future__ import annotations

from console.forms import Form
from functions.errors import FunctoryError, InvalidParameterValue
from functions.message_queues import FIFO, redrive_text
from functions.models import MessageQueue
from functions.queries.queue_pages import name_in
from functions.services.queue_messages import Sending

# Field, label, AWS's attribute, what a new queue has.
_NUMBERS = (
    ("visibility_s", "The visibility time-out", "VisibilityTimeout", "30"),
    ("delay_s", "The delay", "DelaySeconds", "0"),
    ("retention_s", "The retention", "MessageRetentionPeriod", "345600"),
)
SETTINGS = (*(row[0] for row in _NUMBERS), "dead_letters", "max_receives")
NEW = ("name", *SETTINGS)
MESSAGE = ("body", "group_id", "deduplication_id", "delay")
_BOUNDS = {
    "visibility_s": range(43_200 + 1),
    "delay_s": range(900 + 1),
    "retention_s": range(60, 1_209_600 + 1),
}


def new_queue() -> Form:
    """What the form of a new queue starts with."""
    numbers = {field: default for field, _, _, default in _NUMBERS}
    return Form({"name": "", **numbers, "dead_letters": "", "max_receives": "5"})


def settings_form(queue: MessageQueue) -> Form:
    """What a queue has."""
    numbers = {field: str(getattr(queue, field)) for field, _, _, _ in _NUMBERS}
    receives = str(queue.max_receives or 5)
    return Form({**numbers, "dead_letters": name_in(queue.dead_letter_arn), "max_receives": receives})


def attributes_of(form: Form, arn_prefix: str) -> dict[str, str]:
    """AWS's attributes of what was typed; `arn_prefix` is what stands before a queue's name in its ARN. Raises
    InvalidParameterValue with the field."""
    found = {}
    for field, label, attribute, _ in _NUMBERS:
        found[attribute] = str(_within(form, field, label))
    found["RedrivePolicy"] = ""
    if form.text("dead_letters"):
        receives = form.number("max_receives", "The number of receives")
        if not 1 <= receives <= 1000:
            raise InvalidParameterValue("Between 1 and 1,000 receives are possible.", field="max_receives")
        found["RedrivePolicy"] = redrive_text(f"{arn_prefix}{form.text('dead_letters')}", receives) or ""
    if form.text("name").endswith(FIFO):
        found |= {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    return found


def message_of(form: Form) -> Sending:
    """The message that was typed; raises InvalidParameterValue with the field."""
    delay = form.number("delay", "The delay") if form.text("delay") else None
    return Sending(
        body=form.text("body"),
        delay_s=delay,
        group_id=form.text("group_id"),
        deduplication_id=form.text("deduplication_id"),
    )


def placed(error: FunctoryError, words: dict[str, str]) -> FunctoryError:
    """A refusal beside the field that it is about, by a word of its text: SQS names parameters and no fields."""
    if not error.field:
        error.field = next((field for word, field in words.items() if word in error.message), "")
    return error


def _within(form: Form, field: str, label: str) -> int:
    value = form.number(field, label)
    bounds = _BOUNDS[field]
    if value not in bounds:
        raise InvalidParameterValue(f"Between {bounds[0]:,} and {bounds[-1]:,} s are possible.", field=field)
    return value
