"""Who makes room: least recently used first, nobody when it would not help."""

from dataclasses import dataclass

from runner.sandbox.eviction import expired, victims


@dataclass(frozen=True)
class One:
    name: str
    memory_mb: int
    last_used: float


A, B, C = One("a", 128, 3), One("b", 512, 1), One("c", 128, 2)


def test_least_recently_used_first():
    assert victims([A, B, C], 100) == [B]
    assert victims([A, B, C], 600) == [B, C]


def test_nothing_needed_ends_nobody():
    assert victims([A], 0) == []


def test_nobody_ends_in_vain():
    assert victims([A, C], 257) is None
    assert victims([A, C], 256) == [C, A]


def test_time_to_live():
    assert expired([A, B, C], 12, 10) == [B]
    assert expired([A, B, C], 10, 10) == []
