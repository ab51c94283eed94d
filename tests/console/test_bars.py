"""Stacked bars fill the picture, keep their order, and share the last colour."""

from console.bars import HEIGHT, stacked


def test_the_highest_stack_fills_the_height():
    picture = stacked(2, {(0, "a"): 3, (0, "b"): 1, (1, "a"): 1})
    assert picture.highest == 4
    assert sum(bar.height for bar in picture.bars if bar.column == 0) == HEIGHT
    assert min(bar.y for bar in picture.bars) == 0


def test_the_dearest_series_comes_first_and_lies_below():
    picture = stacked(1, {(0, "small"): 1, (0, "big"): 9})
    assert [name for name, _, _ in picture.series] == ["big", "small"]
    assert picture.bars[0].series == "big"
    assert picture.bars[0].y > picture.bars[1].y


def test_many_series_share_the_last_colour():
    picture = stacked(1, {(0, f"f{number}"): 1 for number in range(20)})
    assert max(tone for _, tone, _ in picture.series) == 7


def test_nothing_used_is_an_empty_picture():
    assert stacked(30, {}).bars == []
    assert stacked(30, {(0, "free"): 0}).bars == []
