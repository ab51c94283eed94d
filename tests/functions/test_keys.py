"""Key files: made once, by whoever comes first, and for their owner's eyes."""

import stat
from concurrent.futures import ThreadPoolExecutor

from functions.keys import read_or_create_key


def test_a_key_is_made_once(tmp_path):
    path = tmp_path / "keys" / "relay"
    key = read_or_create_key(path)
    assert len(key) == 43
    assert read_or_create_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) & 0o007 == 0


def test_all_who_come_at_once_read_the_same_key(tmp_path):
    path = tmp_path / "keys" / "relay"
    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(lambda _: read_or_create_key(path), range(32)))) == 1
    assert [file.name for file in path.parent.iterdir()] == ["relay"]
