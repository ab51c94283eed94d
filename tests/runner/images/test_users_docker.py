"""Users' images on a real engine: listed, pinned, held under a second name, and never removed."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

import docker
import pytest

from functions.container_images import PinnedImage
from functions.errors import InvalidParameterValue, ServiceUnavailable
from runner.images.engine import RETIRED, ImageEngine
from runner.images.users import KEPT, UserImages

pytestmark = pytest.mark.docker

SOCKET = Path("/var/run/docker.sock")
INSTANCE = "testonly"
NAME = "functory-test/tiny"


@pytest.fixture
def client():
    made = docker.APIClient(base_url=f"unix://{SOCKET}", version="auto")
    yield made
    for name in (NAME, f"{KEPT}{INSTANCE}"):
        for item in made.images(name):
            made.remove_image(item["Id"], force=True)
    made.close()


@pytest.fixture
def images():
    with UserImages(SOCKET) as found:
        yield found


def tar(files) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def make(text: str, tag: str = "1") -> None:
    """A root of one file, as an image."""
    with ImageEngine(SOCKET) as engine:
        engine.import_root(io.BytesIO(tar({"file": text.encode()})), NAME, tag)


def there(client, reference) -> bool:
    with ImageEngine(SOCKET) as engine:
        return engine.has(reference)


def test_one_is_listed_by_its_own_names_and_pinned_by_its_id(client, images):
    make("one")
    pinned = images.pin(f"{NAME}:1")
    assert pinned.digest == pinned.reference == client.inspect_image(f"{NAME}:1")["Id"]
    images.keep(pinned, INSTANCE)
    found = next(each for each in images.local() if each.id == pinned.reference)
    assert found.names == [f"{NAME}:1"]
    assert images.pin(pinned.reference).reference == pinned.reference
    assert images.fetch(pinned, print) == pinned


def test_an_image_outlives_its_name_while_it_is_held_and_is_not_removed_when_it_is_held_no_more(
    client, images
):
    make("one")
    pinned = images.pin(f"{NAME}:1")
    images.keep(pinned, INSTANCE)
    make("two")  # the tag moves on
    assert there(client, pinned.reference)
    assert images.kept(INSTANCE) == [pinned.sha256[:40]]
    assert images.release(pinned.sha256[:40], INSTANCE) is False  # ours is its last name
    assert there(client, pinned.reference)
    client.tag(pinned.reference, NAME, "other")
    assert images.release(pinned.sha256[:40], INSTANCE) is True
    assert images.kept(INSTANCE) == []
    assert there(client, pinned.reference)


def test_what_was_removed_or_is_nowhere_is_said_as_such(client, images):
    make("one")
    pinned = images.pin(f"{NAME}:1")
    client.remove_image(f"{NAME}:1")
    with pytest.raises(InvalidParameterValue, match="was removed from this machine's engine"):
        images.fetch(pinned, print)
    with pytest.raises(InvalidParameterValue, match="does not exist"):
        images.pin(pinned.reference)
    with pytest.raises(ServiceUnavailable, match="registry does not answer"):
        images.pin("127.0.0.1:9/tiny:1")
    far = PinnedImage("127.0.0.1:9/tiny:1", pinned.digest, f"127.0.0.1:9/tiny@{pinned.digest}")
    with pytest.raises(ServiceUnavailable, match="registry does not answer"):
        images.fetch(far, print)


def test_another_machines_image_is_refused(client, images):
    layer = tar({"file": b"x"})
    settings = {
        "architecture": "arm64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [f"{NAME}:arm"], "Layers": ["layer.tar"]}]
    named = {"config.json": json.dumps(settings).encode(), "manifest.json": json.dumps(manifest).encode()}
    list(client.load_image(tar(named | {"layer.tar": layer})))
    with pytest.raises(InvalidParameterValue, match="is of linux/arm64"):
        images.pin(f"{NAME}:arm")


def test_what_was_replaced_goes_unless_somebody_else_names_it(client):
    make("one")
    first = client.inspect_image(f"{NAME}:1")["Id"]
    with ImageEngine(SOCKET) as engine:
        engine.retire(f"{NAME}:1")
        make("two")
        assert engine.has(first)
        second = client.inspect_image(f"{NAME}:1")["Id"]
        engine.retire(f"{NAME}:1")  # still named
        engine.discard_retired()
        assert not engine.has(first)
        assert engine.has(second)
    assert [tag for item in client.images(RETIRED) for tag in item["RepoTags"] if first[7:19] in tag] == []
