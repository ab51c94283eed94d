"""Bytes of objects: whole or not at all, read by range over several files, copied without bytes."""

import base64
import hashlib
import zlib

import pytest

from functions.object_files import ObjectFiles, slices_of


@pytest.fixture
def files(tmp_path) -> ObjectFiles:
    return ObjectFiles(tmp_path)


def test_what_is_written_is_read(files):
    written = files.write([b"hello ", b"world"], frozenset({"CRC32", "SHA256"}))
    assert (written.size, written.md5) == (11, hashlib.md5(b"hello world").hexdigest())
    assert written.sums == {
        "CRC32": base64.b64encode(zlib.crc32(b"hello world").to_bytes(4, "big")).decode(),
        "SHA256": base64.b64encode(hashlib.sha256(b"hello world").digest()).decode(),
    }
    assert b"".join(files.read(slices_of([(written.name, 11)], 0, 11))) == b"hello world"


def test_a_range_goes_over_files(files):
    pieces = [(one.name, one.size) for one in (files.write([text]) for text in (b"abc", b"def", b"ghi"))]
    assert b"".join(files.read(slices_of(pieces, 2, 5))) == b"cdefg"
    assert b"".join(files.read(slices_of(pieces, 3, 3))) == b"def"
    assert b"".join(files.read(slices_of(pieces, 0, 0))) == b""


def test_a_failure_leaves_nothing(files, tmp_path):
    def breaks():
        yield b"some"
        raise ValueError

    with pytest.raises(ValueError):
        files.write(breaks())
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_copy_outlives_what_it_was_made_of(files):
    written = files.write([b"text"])
    copied = files.copy(written.name)
    files.remove([written.name, written.name])
    assert b"".join(files.read(slices_of([(copied, 4)], 0, 4))) == b"text"
    with pytest.raises(FileNotFoundError):
        files.read(slices_of([(written.name, 4)], 0, 4))
