"""Plain lines for logs, one living line for terminals."""

import io

import pytest

from runner.images.progress import LineProgress, TerminalProgress, progress_for


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_kind_follows_the_stream():
    assert isinstance(progress_for(io.StringIO()), LineProgress)
    assert isinstance(progress_for(Terminal()), TerminalProgress)


@pytest.mark.parametrize("kind", [LineProgress, TerminalProgress])
def test_a_step_ends_with_its_mark(kind):
    stream = io.StringIO()
    progress = kind(stream)
    with progress.step("Image x"):
        progress.detail("1/2 RUN")
    assert "✓ Image x (" in stream.getvalue()
    assert stream.getvalue().endswith("\n")


@pytest.mark.parametrize("kind", [LineProgress, TerminalProgress])
def test_a_failed_step_says_so_and_hides_nothing(kind):
    stream = io.StringIO()
    with pytest.raises(ValueError), kind(stream).step("Image x"):
        raise ValueError
    assert "✗ Image x" in stream.getvalue()
    assert "✓" not in stream.getvalue()


def test_lines_have_no_control_characters():
    stream = io.StringIO()
    with LineProgress(stream).step("Image x"):
        pass
    assert "\x1b" not in stream.getvalue() and "\r" not in stream.getvalue()
