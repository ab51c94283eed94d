"""The search box's language: what is a field, a phrase, an exclusion, and what is only a word."""

from hypothesis import given
from hypothesis import strategies as st

from functions.log_query import parse

REQUEST = "0199f7b2-7c1e-7a10-8a77-5b1a4a8b2c3d"


def test_words_phrases_and_exclusions():
    query = parse('timeout "connection reset" -healthcheck -"GET /"')
    assert query.terms == ("timeout", "connection reset")
    assert query.excluded == ("healthcheck", "GET /")


def test_known_fields_and_levels():
    query = parse("level:warning function:hello outcome:timeout cold:true")
    assert query.known == {"level": "WARN", "function": "hello", "outcome": "timeout", "cold": "true"}
    assert "\tWARN" in query.level_shapes


def test_a_request_id_needs_no_field():
    assert parse(REQUEST.upper()).known == {"request": REQUEST}
    assert parse(f"request:{REQUEST}").known == {"request": REQUEST}


def test_other_fields_are_paths_into_json():
    query = parse("user.id=42 ok:true")
    assert query.fields == (("user.id", "42"), ("ok", "true"))
    assert query.matches_fields('noise\n[INFO] x {"user": {"id": 42}, "ok": true}')
    assert not query.matches_fields('{"user": {"id": 43}, "ok": true}')
    assert not query.matches_fields('{"user": 42}\n{broken')


def test_nothing_typed_asks_for_everything():
    assert parse("  ").is_empty
    assert parse('""').is_empty


@given(st.text(max_size=200))
def test_no_text_fails(text):
    parse(text)
