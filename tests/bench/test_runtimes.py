"""The table of runtimes: what is judged, and how a miss is said."""

import pytest

from tests.bench.runtimes import HEAD, Figures, line


def figures(cold=0.1, warm=1e-4, resident=10.0):
    return Figures(cold=[cold, cold], once=[1.0, 1.0], warm=[warm], resident_mb=[resident])


@pytest.mark.parametrize(
    ("identifier", "measured", "verdict"),
    [
        ("python3.13", figures(), "met"),
        ("python3.13", figures(cold=0.34), "**missed: cold**"),
        ("nodejs22.x", figures(warm=2.1e-4), "**missed: warm**"),
        ("python3.13", figures(resident=20.5), "**missed: resident**"),
        ("nodejs22.x", figures(resident=59.0), "met"),
        ("java21", figures(cold=0.5, resident=81.0), "**missed: cold, resident**"),
        ("ruby3.3", figures(resident=500.0), "met"),
        ("go", figures(cold=0.9, warm=1e-2), "met"),
    ],
)
def test_a_row_names_what_it_missed(identifier, measured, verdict):
    found = line(identifier, measured, reference=1e-4)
    assert (found[0], found[-1], len(found)) == (identifier, verdict, len(HEAD))


def test_rounds_are_compared_in_pairs():
    assert Figures(cold=[1, 4, 9], once=[10, 20, 30]).cold_ratio == 0.2
