"""The form of a function whose code is a container image: which image, and what of its settings is replaced. Words of
a command are typed as in a shell."""

from __future__ import annotations

import shlex
from typing import Any

from django.http import QueryDict

from console import engine_images
from console.forms import Form
from functions.errors import InvalidParameterValue
from functions.models import Draft, Function
from functions.services import drafts
from functions.snapshots import Principal

OTHER = ""  # the choice "another image, by its name"
FIELDS = ("image", "image_uri", "entry_point", "command", "working_directory")
_WORDS = {"entry_point": "EntryPoint", "command": "Command"}
_SHOWN = 40  # of the newest; others are named


def form_of(draft: Draft) -> Form:
    """The form as it was saved; an image that this machine has is chosen, not typed."""
    overrides = draft.image_config
    values = {name: shlex.join(overrides.get(member, ())) for name, member in _WORDS.items()}
    values["working_directory"] = overrides.get("WorkingDirectory", "")
    return Form({"image": draft.image_uri, "image_uri": draft.image_uri, **values})


def page_of(form: Form) -> dict[str, Any]:
    """What templates/functions/image_fields.html needs."""
    found, trouble = engine_images.local()
    names = {name for image in found[:_SHOWN] for name in image.names}
    chosen = form.text("image")
    if chosen in names:
        form.values["image_uri"] = ""
    return {
        "form": form,
        "local_images": [(image, image.names[0]) for image in found[:_SHOWN]],
        "local_trouble": trouble,
        "is_other": chosen not in names,
        "chosen": next((image.names[0] for image in found if chosen in image.names), OTHER),
        "more_images": max(0, len(found) - _SHOWN),
    }


def save(*, acting: Principal, function: Function, form: Form) -> None:
    """What was typed, in the draft; raises InvalidParameterValue with the field."""
    overrides: dict[str, Any] = {member: _words(form, name) for name, member in _WORDS.items()}
    overrides["WorkingDirectory"] = form.text("working_directory")
    uri = form.text("image") or form.text("image_uri")
    drafts.save_image(acting=acting, function=function, uri=uri, overrides=overrides)


def read(post: QueryDict) -> Form:
    """What was typed."""
    return Form.read(post, FIELDS)


def _words(form: Form, name: str) -> list[str]:
    try:
        return shlex.split(form.text(name))
    except ValueError as error:
        raise InvalidParameterValue(
            f"The words cannot be told apart ({error}): close what was quoted.", field=name
        ) from error
