"""What a variable's value may say of a secret."""

import pytest

from functions.errors import InvalidParameterValue, UnresolvedSecret
from functions.secret_references import reference, referenced, resolve

VALUES = {"db/password": "p@ss", "login": '{"user": "ada", "port": 5432}'}


def member(name: str, key: str) -> str:
    return f"{{{{resolve:secretsmanager:{name}:SecretString:{key}}}}}"


@pytest.mark.parametrize(
    ("value", "becomes"),
    [
        ("plain", "plain"),
        ("{{not one}}", "{{not one}}"),
        (reference("db/password"), "p@ss"),
        ("postgres://app:" + reference("db/password") + "@db", "postgres://app:p@ss@db"),
        (reference("db/password") * 2, "p@ssp@ss"),
        ("{{resolve:secretsmanager:db/password:SecretString}}", "p@ss"),
        (member("login", "user"), "ada"),
        (member("login", "port"), "5432"),
    ],
)
def test_references_become_values(value, becomes):
    assert resolve({"V": value}, VALUES) == {"V": becomes}


def test_a_secret_s_own_text_is_not_looked_into():
    values = {"a": reference("b"), "b": "x"}
    assert resolve({"V": reference("a")}, values) == {"V": reference("b")}


def test_names_are_found():
    variables = {"A": reference("one"), "B": "x" + member("two", "k") + reference("one"), "C": "three"}
    assert referenced(variables) == {"one", "two"}
    assert referenced({}) == set()


@pytest.mark.parametrize(
    "value",
    [
        "{{resolve:ssm:name}}",
        "{{resolve:secretsmanager:}}",
        "{{resolve:secretsmanager:has space}}",
        "{{resolve:secretsmanager:name:SecretBinary}}",
        "{{resolve:secretsmanager:name:SecretString:key:AWSPREVIOUS}}",
    ],
)
def test_what_looks_like_a_reference_and_is_none_is_refused(value):
    with pytest.raises(InvalidParameterValue, match="is not a reference") as refused:
        referenced({"V": value})
    assert refused.value.field == "environment"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (reference("gone"), "there is no secret gone"),
        (member("db/password", "user"), "no JSON object with a member user"),
        (member("login", "password"), "no JSON object with a member password"),
    ],
)
def test_what_cannot_be_resolved_is_said(value, reason):
    with pytest.raises(UnresolvedSecret, match=reason):
        resolve({"V": value}, VALUES)
