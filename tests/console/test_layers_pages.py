"""Layers and runtimes: published, listed with who uses them, named in a function's configuration, deleted."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from functions import image_states
from functions.archives import FileContent, pack
from functions.image_states import REBUILD, ImageState
from functions.models import Draft, LayerVersion
from functions.services import layers as services
from functions.services.deploys import take_in
from functions.states import Role
from tests.support import rows
from tests.support.redis_server import redis_client, redis_server, shared_redis_server

__all__ = ["redis_client", "redis_server", "shared_redis_server"]


def url(name, project, *more):
    return reverse(name, args=[project.account, *more])


def package(text=b"x = 1\n"):
    return pack({"python/shared.py": FileContent(text)})


def upload(content):
    return SimpleUploadedFile("layer.zip", content, "application/zip")


@pytest.fixture
def shared(principal, project) -> LayerVersion:
    return services.publish_layer_version(
        acting=principal, project=project, name="shared", artifact=take_in(package()), description="first"
    )


def test_an_empty_list_says_what_a_layer_is_and_shows_the_runtimes(admin, project):
    text = admin.get(url("layers", project)).content.decode()
    assert "No layers" in text
    assert "Python 3.13" in text
    assert "nodejs24.x" in text


def test_one_is_published_and_then_its_next_version(admin, project):
    typed = {"name": "shared", "description": "of all", "zip": upload(package())}
    answer = admin.post(url("layers", project), typed)
    assert answer.url == url("layer", project, "shared")
    admin.post(url("layers", project), {"name": "shared", "zip": upload(package(b"x = 2\n"))})
    text = admin.get(url("layer", project, "shared")).content.decode()
    assert LayerVersion.objects.get(number=2).arn in text
    assert "of all" in text
    listed = admin.get(url("layers", project)).content.decode()
    assert url("layer", project, "shared") in listed


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": "has space", "zip": upload(package())}, "field-name"),
        ({"name": "shared"}, "layer-zip"),
    ],
)
def test_a_refusal_stands_beside_its_field(admin, project, typed, field):
    answer = admin.post(url("layers", project), {"description": "kept", **typed})
    assert answer.status_code in {400, 413}
    text = answer.content.decode()
    assert f'id="{field}-problem"' in text
    assert 'value="kept"' in text
    assert not LayerVersion.objects.exists()


def test_what_is_no_zip_is_refused(admin, project):
    answer = admin.post(url("layers", project), {"name": "shared", "zip": upload(b"no zip")})
    assert answer.status_code == 400
    assert not LayerVersion.objects.exists()


def test_a_function_names_one_in_its_configuration(admin, project, draft, shared):
    page = url("function_configuration", project, draft.name)
    typed = {
        "runtime": "python3.13",
        "handler": "app.handler",
        "network": "none",
        "event_capture": "recent",
        "memory_mb": "128",
        "timeout_s": "3",
        "ephemeral_mb": "512",
        "description": "",
        "redact": "",
    }
    admin.post(page, {**typed, "layers": f" {shared.arn} \n"})
    assert Draft.objects.get(function=draft).layers == [shared.arn]
    assert shared.arn in admin.get(page).content.decode()
    refused = admin.post(page, {**typed, "layers": "arn:aws:lambda:us-east-1:000000000000:layer:none:1"})
    assert refused.status_code == 400
    assert b'id="field-layers-problem"' in refused.content
    admin.post(page, {**typed, "layers": ""})
    assert Draft.objects.get(function=draft).layers == []


def test_who_uses_a_version_is_shown_and_it_stays_with_them(admin, project, function, shared):
    rows.deploy(function, layers=[shared.arn])
    text = admin.get(url("layer", project, "shared")).content.decode()
    assert url("function_configuration", project, "hello") in text
    gone = url("layer_delete", project, "shared", 1)
    assert b"Nothing was changed" in admin.post(gone, {"typed_name": "shared"}, follow=True).content
    told = admin.post(gone, {"typed_name": "shared:1"}, follow=True).content.decode()
    assert "Version 1 of shared is deleted. hello keep it." in told
    assert LayerVersion.objects.get().deleted_at is not None
    assert admin.get(url("layer", project, "shared")).status_code == 404
    assert admin.post(url("layer_delete", project, "shared", 1)).status_code == 404


def test_viewers_read_and_strangers_do_not(as_role, stranger, project, shared):
    viewer = as_role(Role.VIEWER)
    assert "Publish a layer" not in viewer.get(url("layers", project)).content.decode()
    assert viewer.post(url("layers", project), {"name": "x"}).status_code == 403
    assert viewer.post(url("layer_delete", project, "shared", 1)).status_code == 403
    assert stranger.get(url("layer", project, "shared")).status_code == 404
    assert not LayerVersion.objects.exclude(deleted_at=None).exists()


def test_one_button_has_images_made_anew_and_the_page_says_how_far_that_is(
    admin, as_role, project, redis_server
):
    page = url("layers", project)
    assert "Make images anew" in admin.get(page).content.decode()
    assert admin.post(url("images_rebuild", project)).url == page
    assert "Being made anew" in admin.get(page).content.decode()
    told = admin.post(url("images_rebuild", project), follow=True).content.decode()
    assert "The images are being made anew already." in told
    image_states.tell(REBUILD, ImageState.READY, "12 images")
    assert "ago: 12 images." in admin.get(page).content.decode()
    image_states.tell(REBUILD, ImageState.FAILED, "No mirror answers.")
    text = admin.get(page).content.decode()
    assert "Not made anew" in text
    assert "No mirror answers." in text


def test_only_administrators_have_images_made_anew(as_role, project, redis_server):
    developer = as_role(Role.DEVELOPER)
    assert "Make images anew" not in developer.get(url("layers", project)).content.decode()
    assert developer.post(url("images_rebuild", project)).status_code == 403
    assert image_states.report_of(REBUILD) == image_states.ABSENT
