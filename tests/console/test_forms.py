"""What was typed stays, and what is wrong stands beside its field."""

import pytest
from django.http import QueryDict
from django.template import Context, Template

from console.forms import Form
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
