"""Identifiers: made and derived ones are UUIDv7 and carry their time."""

from functions.ids import derived_id, new_id, unix_ms


def test_a_derived_id_is_the_same_for_the_same_parts():
    made = derived_id(1_763_000_000_123, "schedule", "2026-03-15")
    assert made == derived_id(1_763_000_000_123, "schedule", "2026-03-15")
    assert made != derived_id(1_763_000_000_123, "schedule2026", "-03-15")
    assert made != derived_id(1_763_000_000_124, "schedule", "2026-03-15")


def test_ids_are_version_7_and_carry_their_time():
    made = derived_id(1_763_000_000_123, "x")
    assert (made.version, made.variant) == (new_id().version, new_id().variant)
    assert made.version == 7
    assert unix_ms(made) == 1_763_000_000_123
