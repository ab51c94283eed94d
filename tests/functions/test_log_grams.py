"""The bit maps of logs: they may say "perhaps" too often, and never "no" wrongly."""

from hypothesis import given
from hypothesis import strategies as st

from functions.log_grams import BITS, may_hold, places_of, signature


@given(st.lists(st.text(max_size=40), max_size=5), st.data())
def test_what_a_text_holds_is_never_ruled_out(texts, data):
    whole = "".join(texts)
    first = data.draw(st.integers(0, len(whole)))
    term = whole[first : data.draw(st.integers(first, len(whole)))]
    assert may_hold(signature([whole, "other"]), places_of(term))


@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=40))
def test_case_does_not_count_in_ascii(text):
    assert places_of(text.upper()) == places_of(text.lower())


def test_what_no_text_holds_is_mostly_ruled_out():
    bits = signature([f"served order {number} in {number * 7} ms" for number in range(1000)])
    assert may_hold(bits, places_of("Order"))
    assert not may_hold(bits, places_of("zanzibar"))
    assert len(bits) == BITS // 8


def test_short_and_foreign_terms_rule_nothing_out():
    for term in ("", "ab", "日本語", "ÄÖÜ"):
        assert places_of(term) == frozenset()
        assert may_hold(signature([]), places_of(term))
