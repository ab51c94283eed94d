"""Archives taken apart: what was sealed stays sealed, and nothing gets out."""

import io
import os
import tarfile

import pytest

from runner.backup.errors import BackupError
from runner.backup.unpacking import unpack


def archive_of(*entries):
    """An archive of (name, type, content or target)."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as archive:
        for name, kind, said in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = kind, 0o6555
            if kind == tarfile.REGTYPE:
                entry.size = len(said)
            else:
                entry.linkname = said
            archive.addfile(entry, io.BytesIO(said) if kind == tarfile.REGTYPE else None)
    raw.seek(0)
    return raw


def test_files_folders_and_links_come_back_as_they_were(tmp_path):
    raw = archive_of(
        ("a", tarfile.DIRTYPE, ""),
        ("a/b.py", tarfile.REGTYPE, b"x = 1\n"),
        ("a/same.py", tarfile.LNKTYPE, "a/b.py"),
        ("a/link.py", tarfile.SYMTYPE, "../a/b.py"),
    )
    with tarfile.open(fileobj=raw) as archive:
        unpack(archive, tmp_path)
    assert (tmp_path / "a/link.py").read_bytes() == (tmp_path / "a/same.py").read_bytes() == b"x = 1\n"
    assert os.stat(tmp_path / "a/b.py").st_ino == os.stat(tmp_path / "a/same.py").st_ino
    assert (tmp_path / "a").stat().st_mode & 0o7777 == 0o555
    assert (tmp_path / "a/b.py").stat().st_mode & 0o7777 == 0o555


@pytest.mark.parametrize(
    "entries",
    [
        [("/etc/x", tarfile.REGTYPE, b"")],
        [("../x", tarfile.REGTYPE, b"")],
        [("a/../../x", tarfile.REGTYPE, b"")],
        [("out", tarfile.SYMTYPE, "/etc")],
        [("out", tarfile.SYMTYPE, "../..")],
        [("out", tarfile.LNKTYPE, "/etc/passwd")],
        [("a", tarfile.SYMTYPE, "b"), ("b", tarfile.SYMTYPE, "../x")],
        [("pipe", tarfile.FIFOTYPE, "")],
        [("null", tarfile.CHRTYPE, "")],
    ],
)
def test_what_points_outside_or_is_no_file_is_refused(tmp_path, entries):
    inside = tmp_path / "inside"
    inside.mkdir()
    with tarfile.open(fileobj=archive_of(*entries)) as archive, pytest.raises(BackupError):
        unpack(archive, inside)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inside"]


def test_a_link_that_is_there_already_is_not_followed_out(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (inside / "a").symlink_to(outside)
    raw = archive_of(("a/x", tarfile.REGTYPE, b"got out"))
    with tarfile.open(fileobj=raw) as archive, pytest.raises(BackupError, match="points out"):
        unpack(archive, inside)
    assert list(outside.iterdir()) == []


def test_a_damaged_archive_is_said_to_be_so(tmp_path):
    whole = archive_of(("a", tarfile.REGTYPE, os.urandom(100_000))).getvalue()
    cut = io.BytesIO(whole[: len(whole) // 2])
    with tarfile.open(fileobj=cut) as archive, pytest.raises(BackupError, match="damaged"):
        unpack(archive, tmp_path)
