"""Build contexts, and what the engine says while it builds."""

import io
import tarfile

import pytest

from runner.images.base import command, failure
from runner.images.engine import ImageEngine, _follow, pack
from runner.images.errors import ImageError
from runner.images.progress import LineProgress
from runner.images.recipes import SourceFile


def members(context):
    with tarfile.open(fileobj=io.BytesIO(context)) as archive:
        return {member.name: member for member in archive}


def test_a_context_is_the_same_for_the_same_files(tmp_path):
    script = tmp_path / "run"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    files = {"build/run": SourceFile.read(script), "build/ca.crt": SourceFile(b"x")}
    context = pack(files)
    assert context == pack(files)
    assert members(context)["build/run"].mode == 0o755
    assert members(context)["build/ca.crt"].mode == 0o644


def test_a_context_always_has_the_copied_folders():
    found = members(pack({}))
    assert found["runtime"].isdir() and found["build"].isdir()


def test_a_failed_build_is_told_with_its_last_lines():
    lines = []
    _follow({"stream": "Step 3/9 : RUN false\n"}, lines, LineProgress(io.StringIO()))
    with pytest.raises(ImageError, match=r"(?s)returned a non-zero code.*RUN false"):
        _follow({"error": "The command returned a non-zero code: 1"}, lines, LineProgress(io.StringIO()))


def test_an_engine_that_does_not_answer_is_named(tmp_path):
    with pytest.raises(ImageError, match=r"nothing\.sock"):
        ImageEngine(tmp_path / "nothing.sock")


def test_the_base_is_made_from_the_default_mirror():
    assert command()[0] == "mmdebstrap"
    assert command()[-2:] == ["trixie", "-"]
    assert not [word for word in command() if "://" in word]


def test_debians_keys_are_named_where_they_are(tmp_path):
    """Ubuntu's apt does not trust them by itself."""
    keyring = tmp_path / "debian.gpg"
    assert not [word for word in command(keyring=keyring) if word.startswith("--keyring")]
    keyring.touch()
    assert f"--keyring={keyring}" in command(keyring=keyring)


def test_another_suite_is_made_the_same_way():
    assert command("forky")[-2:] == ["forky", "-"]
    assert command("forky")[:-2] == command()[:-2]


def test_a_frozen_mirror_is_taken_only_when_the_operator_says_so():
    assert not [word for word in command(environ={}) if "Valid-Until" in word]
    assert [word for word in command(environ={"FUNCTORY_STALE_MIRROR": "1"}) if "Valid-Until" in word]


def test_why_a_base_cannot_be_made_is_said():
    expired = "E: Release file for .../InRelease is expired (invalid since 23d). Updates will not be applied."
    assert "FUNCTORY_STALE_MIRROR=1" in failure("forky", expired)
    assert failure("forky", "E: no space left").endswith("Debian forky:\nE: no space left")
