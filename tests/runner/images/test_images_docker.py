"""The images as sandboxes find them."""

import fcntl
import struct
from pathlib import Path

import docker
import pytest
from django.conf import settings

from functions.runtimes import RUNTIMES as TABLE
from runner.images.catalog import ensure_images, image_reference, recipes
from runner.images.engine import ImageEngine
from runner.images.progress import LineProgress
from runner.images.recipes import launcher_recipe

pytestmark = pytest.mark.docker
RUNTIMES = [
    pytest.param(row.identifier, marks=() if row.eager else pytest.mark.on_demand) for row in TABLE.values()
]


@pytest.fixture(autouse=True)
def image(request, client):
    """Those that are not made at every start are looked at only where somebody made them."""
    runtime = request.node.callspec.params.get("runtime") if hasattr(request.node, "callspec") else None
    if runtime and request.node.get_closest_marker("on_demand"):
        try:
            client.images.get(image_reference(runtime))
        except docker.errors.ImageNotFound:
            pytest.skip(f"no image of {runtime} was made here")


@pytest.fixture(scope="module")
def client():
    client = docker.DockerClient(f"unix://{settings.FUNCTORY.docker_socket}")
    yield client
    client.close()


def run(client, runtime, *command):
    output = client.containers.run(
        image_reference(runtime),
        list(command),
        remove=True,
        network_mode="none",
        labels={"functory.test": "images"},
    )
    return output.decode().strip()


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_no_file_gives_another_user(client, runtime):
    assert run(client, runtime, "find", "/", "-xdev", "-perm", "/6000", "-type", "f") == ""


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_directories_of_every_sandbox_are_there(client, runtime):
    wanted = [
        "/var/task",
        "/opt",
        "/var/dependencies",
        "/var/runtime",
        "/run/functory",
        "/run/functory-launcher",
    ]
    assert run(client, runtime, "stat", "-c", "%n %U", *wanted).split("\n") == [
        f"{path} root" for path in wanted
    ]
    assert run(client, runtime, "stat", "-c", "%a", "/tmp") == "1777"


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_nothing_of_the_build_is_left(client, runtime):
    assert run(client, runtime, "find", "/", "-xdev", "-maxdepth", "1", "-name", "build") == ""
    assert run(client, runtime, "find", "/tmp", "/var/lib/apt/lists", "/var/log", "-type", "f") == ""


def certificates(text):
    return {"".join(one.split("-----END")[0].split()) for one in text.split("BEGIN CERTIFICATE-----")[1:]}


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_hosts_own_certificates_are_in_no_image(client, runtime):
    added_by_hand = Path("/usr/local/share/ca-certificates").glob("*.crt")
    own = {one for path in added_by_hand for one in certificates(path.read_text())}
    files = "find / -xdev '(' -name '*.crt' -o -name '*.pem' ')' -exec cat {} +"
    assert not own & certificates(run(client, runtime, "sh", "-c", files))


def test_the_languages_start(client):
    assert run(client, "python3.13", "python3.13", "-c", "import ssl, sqlite3, ctypes; print(1)") == "1"
    assert run(client, "nodejs22.x", "node", "-p", "process.versions.node").startswith("22.")
    assert run(client, "nodejs24.x", "node", "-p", "process.versions.node").startswith("24.")
    assert "curl" in run(client, "provided.al2023", "curl", "--version")


def test_every_sandboxs_user_has_a_name(client):
    asked = 'python3.13 -c "import pwd; print(pwd.getpwuid(60000).pw_name, pwd.getpwuid(60999).pw_dir)"'
    assert run(client, "python3.13", "sh", "-c", asked) == "sandbox60000 /tmp"


def test_every_recipe_is_built_and_labelled(client):
    for recipe in recipes([row.image for row in TABLE.values() if row.eager]):
        assert client.images.get(recipe.reference).labels["functory.recipe"] == recipe.digest


def test_the_launcher_is_a_static_program():
    with ImageEngine(settings.FUNCTORY.docker_socket) as engine:
        program = engine.read_file(launcher_recipe().reference, "/launcher")
    assert program.startswith(b"\x7fELF")
    (headers,), (size, count) = struct.unpack_from("<Q", program, 32), struct.unpack_from("<HH", program, 54)
    kinds = [struct.unpack_from("<I", program, headers + size * number)[0] for number in range(count)]
    assert 3 not in kinds  # PT_INTERP: a program that needs a loader


def test_who_lacks_nothing_does_not_wait_for_who_makes_images(tmp_path):
    wanted = {
        "docker_socket": settings.FUNCTORY.docker_socket,
        "launcher_path": tmp_path / "bin" / "launcher",
    }
    ensure_images(LineProgress(), **wanted, runtimes=["python3.13"])
    with (tmp_path / "bin" / "images.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as a rebuild holds it, for minutes
        ensure_images(LineProgress(), **wanted, runtimes=["python3.13"])
    assert (tmp_path / "bin" / "wait").read_bytes().startswith(b"\x7fELF")
