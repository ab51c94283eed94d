"""The builder with the real engine and the real tools: small packages, failures in words, limits, strangers'
installation scripts."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import docker
import pytest

from functions.artifacts import Store
from functions.runtimes import runtime
from runner.build import container
from runner.build.builder import Builder, BuildFailed, apparent_size, reader
from runner.build.container import BUILD_LABEL, BuilderDown, orphans
from runner.build.indexes import Indexes, read_indexes
from runner.build.main import open_builder
from runner.build.plan import BuildPlan, plan_build
from runner.images.catalog import builder_reference
from runner.sandbox.firewall import list_table

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def client():
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture
def store(config, tmp_path):
    return Store(tmp_path / "artifacts")


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "package"
    folder.mkdir()
    return folder


@pytest.fixture
def builder(config, client, store):
    """On the network of builders, which goes with it."""
    with open_builder(config) as builder:
        builder._store = store
        yield builder


@pytest.fixture
def offline(config, client, store):
    return Builder(config, client, store, Indexes(), lambda: "none")


def planned(package, row="python3.13", **changes) -> BuildPlan:
    values = {
        "package_sha256": "a" * 64,
        "image": builder_reference(row),
        "indexes": read_indexes().description,
    }
    return plan_build(runtime(row), reader(package), **{**values, **changes})


def scripted(script, row="python3.13", **changes) -> BuildPlan:
    """A plan that runs a shell script, as an installation script might."""
    values = {"key": "k" * 64, "tool": "pip", "image": builder_reference(row), "folder": "/build/out"}
    return BuildPlan(**{**values, "command": ("sh", "-c", script), **changes})


def test_the_network_of_builders_goes_with_the_last_of_them(config, client):
    table = f"functory_{config.instance}_build"
    with open_builder(config) as first:
        with open_builder(config) as second:
            name = second._network()
            assert first._network() == name
        assert client.networks.list(names=[name]), "the first is still at it"
        assert list_table(table)
    assert client.networks.list(names=[name]) == []
    assert list_table(table) == ""


def test_a_python_package_is_installed_read_only_and_owned_by_root(builder, store, package, client):
    (package / "requirements.txt").write_text("six==1.16.0\n")
    plan, lines = planned(package), []
    size = builder.install(plan, package, lines.append)
    tree = store.dependencies(plan.key)
    assert subprocess.run(
        [sys.executable, "-B", "-c", "import six; print(six.__version__)"],
        env={"PYTHONPATH": str(tree)}, capture_output=True, text=True, check=True,
    ).stdout == "1.16.0\n"  # fmt: skip
    assert any("Successfully installed six-1.16.0" in line for line in lines)
    assert size == apparent_size(tree) > 10_000
    for path in (tree, *tree.rglob("*")):
        status = path.lstat()
        assert (status.st_uid, status.st_mode & 0o7222) == (os.geteuid(), 0)
    assert [path.name for path in tree.parent.iterdir() if path.name.startswith(".build")] == []
    assert not orphans(client, builder._instance)
    again = []
    assert builder.install(plan, package, again.append) == size
    assert again == []


def test_a_node_package_is_installed_with_its_modules_only(builder, store, package):
    (package / "package.json").write_text('{"dependencies": {"ms": "2.1.3"}}')
    plan = planned(package, "nodejs22.x")
    builder.install(plan, package, lambda _: None)
    tree = store.dependencies(plan.key)
    assert [path.name for path in tree.iterdir()] == ["node_modules"]
    assert (tree / "node_modules/ms/package.json").exists()


def test_a_local_package_of_node_is_installed_as_a_copy(builder, store, package):
    (package / "package.json").write_text('{"dependencies": {"mine": "file:./mine"}}')
    (package / "mine").mkdir()
    (package / "mine/package.json").write_text('{"name": "mine", "version": "1.0.0"}')
    plan = planned(package, "nodejs22.x")
    builder.install(plan, package, lambda _: None)
    installed = store.dependencies(plan.key) / "node_modules/mine"
    assert (installed / "package.json").exists()
    assert not installed.is_symlink()


@pytest.mark.parametrize(
    ("row", "name", "text", "message"),
    [
        (
            "python3.13",
            "requirements.txt",
            "six==99",
            "`six==99` does not exist for this runtime; the newest version",
        ),
        ("nodejs22.x", "package.json", '{"dependencies": {"ms": "99"}}', "`ms@99` does not exist."),
    ],
)
def test_what_does_not_exist_is_said_plainly_and_nothing_is_kept(
    builder, store, package, row, name, text, message
):
    (package / name).write_text(text)
    plan = planned(package, row)
    with pytest.raises(BuildFailed) as failure:
        builder.install(plan, package, lambda _: None)
    assert str(failure.value).startswith(message)
    assert not store.dependencies(plan.key).exists()


def test_without_network_the_index_is_out_of_reach(offline, package):
    (package / "requirements.txt").write_text("six\n")
    with pytest.raises(BuildFailed, match="pip could not reach the package index"):
        offline.install(planned(package), package, lambda _: None)


def test_two_who_want_the_same_install_it_once(offline, store, package, tmp_path):
    plan = scripted("echo working; while [ ! -e /source/go ]; do sleep 0.05; done; echo x > made")
    started, waiting = threading.Event(), threading.Event()
    said = {"first": [], "second": []}

    def listen(name):
        def on_line(line):
            said[name].append(line)
            (started if line == "working" else waiting).set()

        return on_line

    first = threading.Thread(target=offline.install, args=(plan, package, listen("first")))
    second = threading.Thread(target=offline.install, args=(plan, package, listen("second")))
    first.start()
    assert started.wait(60)
    second.start()
    assert waiting.wait(60)
    (package / "go").touch()
    first.join(60)
    second.join(60)
    assert said["first"] == ["working"]
    assert said["second"] == ["Another deployment is installing the same dependencies; waiting for it."]
    assert (store.dependencies(plan.key) / "made").read_text() == "x\n"


def test_a_builder_runs_without_rights_and_sees_its_workspace_only(offline, package):
    lines = []
    script = """
        id -u; grep -E 'CapEff|NoNewPrivs' /proc/self/status
        touch /usr/x /source/x 2>&1; ls -A /build; ls /var/run/docker.sock 2>&1; ls /sys/class/net
    """
    offline.install(scripted(script), package, lines.append)
    assert lines[0] == str(container.builder_uid())
    assert lines[1].split() == ["CapEff:", "0000000000000000"]
    assert lines[2].split() == ["NoNewPrivs:", "1"]
    assert sum("Read-only file system" in line for line in lines) == 2
    assert any("docker.sock" in line and "No such file" in line for line in lines)
    assert lines[-1] == "lo"
    assert {"npmrc", "out", "tmp"} <= set(lines)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("mkfifo pipe", "a pipe, socket or device"),
        ("rm -rf node_modules; ln -s /etc node_modules", "something else in the place of this folder"),
    ],
    ids=["pipe", "link for a folder"],
)
def test_tricks_of_installation_scripts_are_refused(offline, store, package, script, message):
    before = Path("/etc").stat()
    plan = scripted(script, result="node_modules" if "node_modules" in script else "")
    with pytest.raises(BuildFailed, match=message):
        offline.install(plan, package, lambda _: None)
    assert not store.dependencies(plan.key).exists()
    assert Path("/etc").stat().st_mode == before.st_mode


@pytest.mark.skipif(os.geteuid() != 0, reason="without root the workspace is the builder's own")
def test_the_output_folder_cannot_be_replaced(offline, store, package):
    offline.install(scripted("cd /; mv /build/out /build/x || rmdir /build/out || echo kept"), package, print)
    assert store.dependencies("k" * 64).is_dir()


def test_set_user_id_is_lost_and_links_stay_links(offline, store, package):
    offline.install(scripted("cp /bin/true t; chmod 6755 t; ln -s /etc/passwd l"), package, lambda _: None)
    tree = store.dependencies("k" * 64)
    assert (tree / "t").stat().st_mode & 0o7777 == 0o555
    assert (tree / "l").is_symlink()
    assert Path("/etc/passwd").stat().st_uid == 0


def test_too_much_memory_is_said_so(offline, package, monkeypatch):
    monkeypatch.setattr(container, "MEMORY", 64 * 1024**2)
    with pytest.raises(BuildFailed, match="of memory and was stopped"):
        offline.install(scripted("exec python3 -c 'x = bytearray(1 << 30)'"), package, lambda _: None)


def test_too_much_time_is_said_so(offline, package, monkeypatch, client):
    monkeypatch.setattr(container, "TIME_LIMIT_S", 1.0)
    with pytest.raises(BuildFailed, match="took longer than"):
        offline.install(scripted("sleep 600"), package, lambda _: None)
    assert not orphans(client, offline._instance)


def test_too_much_disk_is_said_so(offline, package, monkeypatch):
    monkeypatch.setattr(container, "WORKSPACE_LIMIT", 8 * 1024**2)
    with pytest.raises(BuildFailed, match="of disk and was stopped"):
        offline.install(scripted("head -c 16000000 /dev/zero > x; sleep 600"), package, lambda _: None)


def test_a_result_over_the_limit_is_refused(offline, store, package, monkeypatch):
    monkeypatch.setattr("runner.build.builder.UNPACKED", 1024**2)
    with pytest.raises(BuildFailed, match="take 2 MB unpacked; at most 1 MB"):
        offline.install(scripted("head -c 2097152 /dev/zero > x"), package, lambda _: None)
    assert not store.dependencies("k" * 64).exists()


def test_a_missing_image_and_an_engine_that_is_away_are_not_the_functions_fault(offline, package, config):
    with pytest.raises(BuilderDown, match="builder image is missing"):
        offline.install(scripted("true", image="functory/none:none"), package, lambda _: None)


def test_builders_that_were_left_behind_are_found_by_their_labels(client, config):
    labels = {"functory.instance": config.instance, BUILD_LABEL: "some-key"}
    left = client.containers.create(builder_reference("python3.13"), "true", labels=labels)
    try:
        assert orphans(client, config.instance) == [(left.id, "some-key")]
        container.remove(client, left.id)
        container.remove(client, left.id)
        assert orphans(client, config.instance) == []
    finally:
        container.remove(client, left.id)
