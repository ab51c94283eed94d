"""What was typed stays, and what is wrong stands beside its field."""

import re

import pytest
from django.http import QueryDict
from django.template import Context, Template

from console.forms import Form
from functions.config import REPOSITORY
from functions.errors import InvalidParameterValue


def test_templates_reach_values_and_errors_of_a_form():
    form = Form({"name": "hello"}, {"name": "taken"})
    text = Template("{{ form.values.name }} {{ form.errors.name }}").render(Context({"form": form}))
    assert text == "hello taken"


def test_a_form_reads_only_its_fields_and_trims():
    form = Form.read(QueryDict("name=+hello+&other=1"), ("name", "size"))
    assert form.values == {"name": "hello", "size": ""}


def test_a_refusal_stands_beside_its_field_or_above_the_form():
    form = Form({"name": "x"})
    form.refuse(InvalidParameterValue("taken", field="name"))
    form.refuse(InvalidParameterValue("nothing works", field="elsewhere"))
    assert form.errors["name"] == "taken"
    assert form.general == "nothing works"


def test_numbers_are_whole():
    form = Form({"memory": "1,024", "timeout": "soon"})
    assert form.number("memory", "Memory") == 1024
    with pytest.raises(InvalidParameterValue, match="Time-out is a whole number"):
        form.number("timeout", "Time-out")


TEMPLATES = REPOSITORY / "templates"
FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)
LOSES = ("partials/field.html", "<textarea")  # what takes a while to type
KEEPS = ("data-guard", "hx-post", "data-saves-editor", "data-save-event")


def test_leaving_a_form_with_something_typed_is_guarded():
    forms = [
        (str(path.relative_to(TEMPLATES)), form[:160])
        for path in TEMPLATES.rglob("*.html")
        for form in FORM.findall(path.read_text())
        if any(words in form for words in LOSES)
    ]
    unguarded = [(name, form) for name, form in forms if not any(words in form for words in KEEPS)]
    assert len(forms) > 10
    assert unguarded == []
