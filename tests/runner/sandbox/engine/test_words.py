"""An engine that is away is said in words, from what the real client library raises; what it answers is passed on."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import docker
import pytest
from docker.errors import APIError

from runner.sandbox.engine.words import engine_words, silence


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "engine.sock"


def said(place: Path, timeout: float = 5) -> str:
    """The words for what an engine's client says there."""
    with pytest.raises(Exception) as caught:
        docker.DockerClient(base_url=f"unix://{place}", version="auto", timeout=timeout).ping()
    return engine_words(caught.value, place)


def prove_clear(words: str, place: Path) -> None:
    assert words.startswith(f"The Docker engine at {place} does not answer: ")
    assert "warm sandbox go on answering" in words
    assert "Errno" not in words
    assert "(" not in words


def test_no_socket(place: Path) -> None:
    words = said(place)
    prove_clear(words, place)
    assert "its socket is not there" in words
    assert "systemctl start docker" in words


def test_a_socket_without_a_listener(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(place))
        words = said(place)
    prove_clear(words, place)
    assert "nobody listens" in words


def test_an_engine_that_hangs(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(place))
        mute.listen()
        words = said(place, timeout=0.2)
    prove_clear(words, place)
    assert "took too long" in words


def test_an_engine_that_hangs_up(place: Path) -> None:
    def hang_up() -> None:
        caller, _ = listener.accept()
        caller.recv(1 << 16)
        caller.close()

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()
        threading.Thread(target=hang_up, daemon=True).start()
        words = said(place)
    prove_clear(words, place)
    assert "the connection broke" in words


def test_a_socket_that_may_not_be_opened() -> None:
    words = engine_words(PermissionError(13, "Permission denied"), Path("/run/engine.sock"))
    prove_clear(words, Path("/run/engine.sock"))
    assert "group docker" in words
    assert "systemctl" not in words


def test_what_an_engine_answers_is_passed_on() -> None:
    error = APIError("500 Server Error", explanation="no such image: x")
    assert silence(error) == ""
    assert engine_words(error) == "no such image: x"
    assert engine_words(error, doing="The engine cannot start a sandbox") == (
        "The engine cannot start a sandbox: no such image: x"
    )


def test_what_was_being_done_does_not_matter_when_nobody_answers() -> None:
    assert engine_words(ConnectionRefusedError(), doing="The engine cannot start a sandbox").startswith(
        "The Docker engine does not answer: it is not running,"
    )
    assert os.strerror(2) not in engine_words(FileNotFoundError(2, os.strerror(2)))
