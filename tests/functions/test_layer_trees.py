"""Layers on disk: unpacked once, laid over each other, and removed when nothing has them."""

import pytest

from functions.archives import FileContent, pack
from functions.artifacts import Store


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def taken(store, **files):
    packed = pack({name.replace("__", "/"): FileContent(text.encode()) for name, text in files.items()})
    return store.take_in(packed).sha256


def test_one_layer_is_its_own_tree(store):
    only = taken(store, python__a="1")
    assert store.join([only]) == store.layers([only]) == store.tree(only)
    assert (store.layers([only]) / "python/a").read_text() == "1"
    assert not (store.root / "layers").exists()


def test_later_layers_lie_over_earlier_ones(store):
    first = taken(store, python__a="1", python__b="1", bin="a file")
    second = taken(store, python__b="2", bin__tool="2")
    joined = store.join([first, second])
    assert joined == store.layers([first, second]) != store.layers([second, first])
    assert (joined / "python/a").read_text() == "1"
    assert (joined / "python/b").read_text() == "2"
    assert (joined / "bin/tool").read_text() == "2"
    assert (store.join([second, first]) / "bin").read_text() == "a file"
    assert (joined / "python/a").stat().st_ino == (store.tree(first) / "python/a").stat().st_ino
    assert (store.tree(first) / "python/b").read_text() == "1"
    assert store.join([first, second]) == joined


def test_what_nothing_has_is_removed(store):
    first, second = taken(store, a="1"), taken(store, a="2")
    kept, other = store.join([first, second]), store.join([second, first])
    assert store.discard_layers({kept}) == 1
    assert (kept.exists(), other.exists(), store.tree(first).exists()) == (True, False, True)
