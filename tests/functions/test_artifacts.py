"""Code on disk: taken in, unpacked read-only in one step, the same however often."""

import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from functions.archives import FileContent, pack
from functions.artifacts import NODE_MODULES, Store
from functions.errors import CodeVerificationFailed, InvalidZipFile
from tests.functions.test_archives import LINK, zipped


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "artifacts")


def stored(store, *members):
    taken = store.take_in(zipped(*members))
    return taken.sha256, store.unpack(taken.sha256)


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


def test_a_package_becomes_a_read_only_tree(store):
    sha256, tree = stored(store, ("app.py", "x"), ("bin/run", "#!", 0o100755), ("bin/now", "run", LINK))
    assert (tree / "bin/now").read_text() == "#!"
    assert [mode(tree / name) for name in (".", "app.py", "bin", "bin/run")] == [0o555, 0o444, 0o555, 0o555]
    assert store.read(sha256) == store.blob(sha256).read_bytes()
    assert not store.upload(sha256).exists()


def test_modes_in_the_zip_shut_nobody_out(store):
    _, tree = stored(store, ("secret/", "", stat.S_IFDIR | 0o000), ("secret/a", "1", 0o100000))
    assert (mode(tree / "secret"), mode(tree / "secret/a")) == (0o555, 0o444)


def test_unpacking_again_changes_nothing(store):
    sha256, tree = stored(store, ("app.py", "x"))
    before = os.lstat(tree / "app.py").st_ino
    assert store.unpack(sha256) == tree
    assert os.lstat(tree / "app.py").st_ino == before


def test_a_lost_tree_comes_back_from_the_blob(store):
    sha256, tree = stored(store, ("app.py", "x"))
    tree.chmod(0o755)
    (tree / "app.py").unlink()
    tree.rmdir()
    assert (store.unpack(sha256) / "app.py").read_text() == "x"


def test_many_at_once_make_one_tree(store):
    taken = store.take_in(zipped(*((f"f{number}", str(number)) for number in range(30))))
    with ThreadPoolExecutor(4) as threads:
        trees = set(threads.map(lambda _: store.unpack(taken.sha256), range(8)))
    assert len(trees) == 1
    assert [path.name for path in (store.root / "trees").iterdir()] == [taken.sha256]


def test_damaged_code_leaves_nothing_behind(store):
    data = zipped(("good", "1"), ("bad", b"hello hello hello"))
    at = data.rfind(b"bad", 0, data.find(b"PK\x01\x02")) + 3
    data = data[:at] + b"\xff\xff\xff" + data[at + 3 :]
    sha256 = hashlib.sha256(data).hexdigest()
    with pytest.raises(InvalidZipFile):
        store.take_in(data)
    assert not store.root.exists()
    store.blob(sha256).parent.mkdir(parents=True)
    store.blob(sha256).write_bytes(data)
    with pytest.raises(InvalidZipFile):
        store.unpack(sha256)
    assert list((store.root / "trees").iterdir()) == []


def test_what_may_not_be_unpacked_is_not_even_kept(store):
    with pytest.raises(InvalidZipFile):
        store.take_in(zipped(("../up", "1")))
    assert not store.root.exists()


def test_code_that_was_changed_on_disk_is_refused(store):
    sha256, _ = stored(store, ("app.py", "x"))
    store.blob(sha256).chmod(0o600)
    store.blob(sha256).write_bytes(b"other")
    with pytest.raises(CodeVerificationFailed):
        store.read(sha256)
    with pytest.raises(CodeVerificationFailed):
        store.read("0" * 64)


def test_a_linked_tree_leads_to_the_dependencies(store):
    sha256, plain = stored(store, ("index.mjs", "1"))
    tree = store.unpack(sha256, linked=True)
    assert os.readlink(tree / "node_modules") == NODE_MODULES
    assert not (plain / "node_modules").exists()


@pytest.mark.parametrize("own", [("node_modules/a/index.js", "1"), ("node_modules", "vendor", LINK)])
def test_a_package_keeps_its_own_modules(store, own):
    taken = store.take_in(zipped(("index.mjs", "1"), own))
    tree = store.unpack(taken.sha256, linked=True)
    assert not (tree / "node_modules").is_symlink() or os.readlink(tree / "node_modules") == "vendor"


def test_paths_to_mount(store):
    assert store.paths("aa", None, linked=True) == (store.tree("aa"), None)
    assert store.paths("aa", "k", linked=False) == (store.tree("aa"), store.dependencies("k"))
    assert store.paths("aa", "k", linked=True) == (store.tree("aa", linked=True), store.dependencies("k"))


def test_discarding_leaves_others(store):
    first, tree = stored(store, ("a", "1"))
    second, kept = stored(store, ("a", "2"))
    store.unpack(first, linked=True)
    store.discard(first)
    store.discard(first)
    assert not tree.exists()
    assert not store.blob(first).exists()
    assert kept.exists()
    assert store.blob(second).exists()


def test_many_files(store):
    taken = store.take_in(pack({f"d/{number}": FileContent(b"1") for number in range(100)}))
    assert len(list((store.unpack(taken.sha256) / "d").iterdir())) == 100
