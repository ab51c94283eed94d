"""Names in every form that the Lambda API takes, and what else may be called how."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import naming
from functions.errors import InvalidParameterValue
from functions.naming import FunctionReference, parse_reference

ARN = "arn:aws:lambda:us-east-1:000000000001:function:hello"


@pytest.mark.parametrize(
    "text, reference",
    [
        ("hello", FunctionReference("hello")),
        ("hello:live", FunctionReference("hello", qualifier="live")),
        ("hello:$LATEST", FunctionReference("hello", qualifier="$LATEST")),
        ("function:hello", FunctionReference("hello")),
        ("000000000001:function:hello", FunctionReference("hello", account="000000000001")),
        (ARN, FunctionReference("hello", "us-east-1", "000000000001")),
        (f"{ARN}:7", FunctionReference("hello", "us-east-1", "000000000001", "7")),
        ("a" * 64, FunctionReference("a" * 64)),
    ],
)
def test_every_form_of_a_name(text, reference):
    assert parse_reference(text) == reference


@pytest.mark.parametrize(
    "text", ["", "a" * 65, "a b", "hello:", "hello:a:b", "arn:aws:s3:::x", "ü", "a/b", "a\n"]
)
def test_what_is_no_name(text):
    with pytest.raises(InvalidParameterValue):
        parse_reference(text)


def test_two_qualifiers_must_agree():
    assert parse_reference("hello:7", "7").qualifier == "7"
    assert parse_reference("hello", "live").qualifier == "live"
    with pytest.raises(InvalidParameterValue):
        parse_reference("hello:7", "8")
    with pytest.raises(InvalidParameterValue):
        parse_reference("hello", "a b")


def test_what_means_the_unpublished_code():
    assert naming.is_latest("")
    assert naming.is_latest("$LATEST")
    assert not naming.is_latest("live")


def test_url_ids_are_dns_labels_and_differ():
    made = {naming.new_url_id() for _ in range(100)}
    assert len(made) == 100
    assert all(len(text) == 32 and text.isalnum() and text[0].isalpha() and text.islower() for text in made)


@pytest.mark.parametrize("path", ["a.py", "a/b/c.py", ".env", "a b/ü.txt", "..a", "a..", "x" * 512])
def test_paths_of_files(path):
    assert naming.check_file_path(path) == path


def test_handlers():
    for text in ("", "app.handler", "a/b.c.d", "com.example.Handler::handle"):
        assert naming.check_handler(text) == text
    for text in ("a b", "a\t", "x" * 129):
        with pytest.raises(InvalidParameterValue) as caught:
            naming.check_handler(text)
        assert caught.value.field == "handler"


def test_every_reserved_variable_is_refused():
    for name in naming.RESERVED_ENVIRONMENT:
        with pytest.raises(InvalidParameterValue):
            naming.check_environment({name: "x"}, 4096)
    assert naming.check_environment({"AWS_ENDPOINT_URL_X": "x"}, 4096)


def test_the_environment_is_measured_in_bytes():
    assert naming.check_environment({"AB": "ü" * 4}, 10)
    with pytest.raises(InvalidParameterValue):
        naming.check_environment({"AB": "ü" * 4}, 9)


def test_descriptions_are_cut_and_made_storable():
    assert naming.plain_text("a\0b\ud800") == "a\ufffdb?"
    assert len(naming.plain_text("x" * 300)) == 256


def test_titles():
    assert naming.check_title(" Nightly run ", "A name") == "Nightly run"
    for text in ("", " ", "x" * 65, "a\0b", "a\nb", "a\ud800"):
        with pytest.raises(InvalidParameterValue):
            naming.check_title(text, "A name")


@given(st.text())
def test_no_text_surprises(text):
    for check in (
        parse_reference,
        naming.check_function_name,
        naming.check_alias_name,
        naming.check_file_path,
    ):
        try:
            check(text)
        except InvalidParameterValue as refusal:
            assert refusal.message
