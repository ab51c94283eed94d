"""What a zip may hold: each refusal beside what is allowed, and lies that a directory tells."""

import contextlib
import io
import stat
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import archives, limits
from functions.archives import Archive, FileContent, pack
from functions.errors import InvalidZipFile, RequestTooLarge

LINK = stat.S_IFLNK | 0o777


def zipped(*members, method=zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of (name, content[, mode]) as they stand."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as target:
        for name, content, *mode in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            info.external_attr = (mode[0] if mode else stat.S_IFREG | 0o644) << 16
            target.writestr(info, content)
    return buffer.getvalue()


def refusal(data: bytes) -> str:
    with pytest.raises(InvalidZipFile) as caught:
        Archive(data)
    return caught.value.message


def test_files_and_their_modes_are_read():
    archive = Archive(zipped(("app.py", "x = 1"), ("bin/run", "#!/bin/sh", 0o100700), ("empty/", "")))
    assert archive.files() == {"app.py": FileContent(b"x = 1"), "bin/run": FileContent(b"#!/bin/sh", True)}
    assert [entry.path for entry in archive.entries if entry.is_directory] == ["empty"]
    assert archive.unpacked_size == 14


def test_names_are_tidied():
    archive = Archive(zipped(("./", ""), ("./a/./b.py", "1"), ("a//c.py", "2"), ("d\\e.py", "3")))
    assert sorted(archive.files()) == ["a/b.py", "a/c.py", "d/e.py"]


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../up",
        "a/../../up",
        "C:\\windows",
        "\\\\server\\x",
        "a\nb",
        "x" * 256,
        "a/" * 600 + "b",
    ],
)
def test_paths_that_lead_out_or_cannot_be_are_refused(name):
    refusal(zipped((name, "x")))


def test_a_name_with_a_nul_is_refused():
    data = zipped(("app.pyXevil", "x")).replace(b"app.pyXevil", b"app.py\0evil")
    assert "control characters" in refusal(data)


@pytest.mark.parametrize("kind", [stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_devices_pipes_and_sockets_are_refused(kind):
    assert "device" in refusal(zipped(("x", "", kind | 0o666)))


def test_a_name_twice_is_refused_but_a_folder_may_repeat():
    assert "twice" in refusal(zipped(("a", "1"), ("./a", "2")))
    Archive(zipped(("a/", ""), ("./a/", ""), ("a/b", "1")))


def test_nothing_lies_below_a_file_or_a_link():
    assert "no folder" in refusal(zipped(("a", "1"), ("a/b", "2")))
    assert "no folder" in refusal(zipped(("a", "b", LINK), ("b/", ""), ("a/x/y", "2")))
    assert "both" in refusal(zipped(("a", "1"), ("a/", "")))


def test_links_inside_are_kept():
    archive = Archive(zipped(("lib/x.so.1", "x"), ("lib/x.so", "x.so.1", LINK), ("lib/up", "../lib", LINK)))
    assert {entry.path: entry.link for entry in archive.entries if entry.link} == {
        "lib/x.so": "x.so.1",
        "lib/up": "../lib",
    }


@pytest.mark.parametrize("target", ["/etc/passwd", "..", "../x", "a/../../x", "b/../../../x"])
def test_links_out_are_refused(target):
    assert "outside" in refusal(zipped(("link", target, LINK)))


def test_a_link_out_by_way_of_another_link_is_refused():
    # By counting parts, `a/up/..` is `a`; as the kernel walks, it is above the root.
    data = zipped(("a/b/", ""), ("a/up", "..", LINK), ("out", "a/up/..", LINK))
    assert "outside" in refusal(data)


def test_links_in_a_circle_are_refused():
    assert "itself" in refusal(zipped(("a", "b", LINK), ("b", "a", LINK)))


def test_no_links_without_a_target():
    refusal(zipped(("a", "", LINK)))
    refusal(zipped(("a", "x" * 2000, LINK)))
    refusal(zipped(("a", b"\xff\xfe", LINK)))


def test_what_is_no_zip_is_refused():
    for data in (b"", b"PK", b"hello" * 100, zipped(("a", "1"))[:-10]):
        refusal(data)


def test_over_the_sizes(monkeypatch):
    monkeypatch.setattr(archives, "ZIP", 1000)
    monkeypatch.setattr(archives, "UNPACKED", 5000)
    Archive(zipped(("a", b"0" * 5000)))
    assert "5000 bytes" in refusal(zipped(("a", b"0" * 5000), ("b", b"0")))
    with pytest.raises(RequestTooLarge):
        Archive(zipped(("a", bytes(range(256)) * 4), method=zipfile.ZIP_STORED))


def test_real_limits_are_those_of_lambda():
    assert (limits.ZIP, limits.UNPACKED) == (52_428_800, 262_144_000)


def test_too_many_entries_are_counted_before_they_are_read(monkeypatch):
    monkeypatch.setattr(archives, "ZIP_ENTRIES", 3)
    Archive(zipped(*((f"f{number}", "") for number in range(3))))
    monkeypatch.setattr(archives.zipfile, "ZipFile", None)
    assert "4 entries" in refusal_without_opening(4)


def refusal_without_opening(count: int) -> str:
    record = struct.pack("<4s42x", b"PK\x01\x02") * count
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0, 0, len(record), 0, 0)
    return refusal(record + end)


def test_records_inside_a_nested_zip_do_not_count(monkeypatch):
    monkeypatch.setattr(archives, "ZIP_ENTRIES", 3)
    nested = zipped(*((f"f{number}", "") for number in range(3)))
    Archive(zipped(("inner.zip", nested), ("outer", "1"), method=zipfile.ZIP_STORED))


def with_directory_field(data: bytes, offset: int, value: int, width: str = "<I") -> bytes:
    """The zip with one field of its first directory record (and local header) forged."""
    at = data.find(b"PK\x01\x02")
    return data[: at + offset] + struct.pack(width, value) + data[at + offset + struct.calcsize(width) :]


def test_a_bomb_that_lies_about_its_size_is_stopped():
    archive = Archive(with_directory_field(zipped(("a", b"0" * 100_000)), 24, 10))
    with pytest.raises(InvalidZipFile):
        b"".join(archive.chunks(archive.entries[0]))


def test_a_file_shorter_than_declared_is_refused():
    archive = Archive(with_directory_field(zipped(("a", b"0" * 10)), 24, 1000))
    with pytest.raises(InvalidZipFile):
        b"".join(archive.chunks(archive.entries[0]))


def test_damaged_content_is_refused():
    data = zipped(("a", b"hello hello hello"))
    at = data.find(b"a", 30) + 1  # the first byte of the deflated stream
    archive = Archive(data[:at] + b"\xff\xff\xff" + data[at + 3 :])
    with pytest.raises(InvalidZipFile):
        archive.verify()
    with pytest.raises(InvalidZipFile):
        Archive(zipped(("a", "1"))[5:]).verify()


def test_encrypted_and_odd_compression_are_refused():
    assert "encrypted" in refusal(with_directory_field(zipped(("a", "1")), 8, 0x1, "<H"))
    assert "deflate" in refusal(zipped(("a", "1"), method=zipfile.ZIP_LZMA))
    Archive(zipped(("a", "1"), method=zipfile.ZIP_STORED))


def test_packing_forgets_order_and_time():
    files = {"b.py": FileContent(b"2"), "a/c": FileContent(b"1", True)}
    assert pack(files) == pack(dict(reversed(files.items())))
    assert Archive(pack(files)).files() == files
    assert pack(files) != pack({**files, "a/c": FileContent(b"1")})


def test_an_empty_package_is_a_zip():
    assert Archive(pack({})).entries == []


@given(st.binary(max_size=300), st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_forged_bytes_never_surprise(content, at, forged):
    data = zipped(("a", content), ("l", "a", LINK))
    data = data[:at] + forged + data[at + len(forged) :]
    with contextlib.suppress(InvalidZipFile):
        Archive(data).files()
