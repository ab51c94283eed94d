"""What the editor asks while somebody types: answers, limits, and who may ask."""

from __future__ import annotations

import base64
import io
import json
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from functions.installation import store
from functions.models import Artifact, DependencyTree, DraftFile, Revision
from functions.states import Role
from tests.support import rows

JSON = {"Accept": "application/json"}


def url_of(project, name, *more):
    return reverse(name, args=[project.account, "hello", *more])


@pytest.fixture
def ask(admin, project, function):
    def send(name, document, client=admin):
        return client.post(url_of(project, name), document, content_type="application/json", headers=JSON)

    return send


def zip_of(**files: bytes) -> SimpleUploadedFile:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, content in files.items():
            archive.writestr(path.replace("__", "."), content)
    return SimpleUploadedFile("some.zip", out.getvalue(), "application/zip")


def test_problems_of_files_that_are_not_saved(ask):
    (problem,) = ask("function_lint", {"files": {"new.py": "x = gone\n"}}).json()["problems"]
    assert problem["path"] == "new.py"
    assert (problem["line"], problem["column"], problem["code"]) == (1, 5, "F821")
    assert DraftFile.objects.filter(path="new.py").count() == 0


def test_a_viewer_sees_problems_but_has_nothing_formatted(ask, as_role):
    viewer = as_role(Role.VIEWER)
    assert ask("function_lint", {"files": {"a.py": "x = gone\n"}}, viewer).status_code == 200
    assert ask("function_format", {"path": "a.py", "text": "x=1"}, viewer).status_code == 403


def test_strangers_are_not_answered(stranger, ask, project):
    for name in ("function_lint", "function_format", "function_unpack"):
        assert ask(name, {}, stranger).status_code == 404
    for address in (url_of(project, "function_package"), url_of(project, "version_files", 1)):
        assert stranger.get(address).status_code == 404


def test_a_file_is_formatted(ask):
    assert ask("function_format", {"path": "a.py", "text": "x=1"}).json() == {"text": "x = 1\n"}


@pytest.mark.parametrize(("path", "text"), [("a.py", "def ("), ("a.bin", "x")])
def test_what_cannot_be_formatted_is_refused_in_words(ask, path, text):
    answer = ask("function_format", {"path": path, "text": text})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize("files", [None, [], {"a.py": 1}])
def test_what_is_no_files_is_refused(ask, files):
    assert ask("function_lint", {"files": files}).status_code == 400


def test_more_than_the_editor_holds_is_refused(ask):
    many = {f"{number}.txt": "" for number in range(501)}
    assert ask("function_lint", {"files": many}).status_code == 413
    assert ask("function_lint", {"files": dict(list(many.items())[:500])}).status_code == 200
    assert ask("function_lint", {"files": {"a.txt": "x" * (3 * 1024 * 1024 + 1)}}).status_code == 413
    assert ask("function_format", {"path": "a.py", "text": "x" * (3 * 1024 * 1024 + 1)}).status_code == 413


def test_the_files_of_a_version_are_given_to_compare(admin, project, function):
    kept = store().take_in(zip_of(lambda_function__py=b"x = 1").read())
    artifact = Artifact.objects.create(sha256=kept.sha256, size=kept.size, unpacked_size=kept.unpacked_size)
    rows.publish(function, rows.make_revision(function, artifact=artifact))
    files = admin.get(url_of(project, "version_files", 2), headers=JSON).json()["files"]
    assert [file["path"] for file in files] == ["lambda_function.py"]
    assert files[0]["text"] == "x = 1"
    assert admin.get(url_of(project, "version_files", 99), headers=JSON).status_code == 404


def test_a_zip_is_unpacked_and_nothing_stored(admin, project, function):
    before = DraftFile.objects.count()
    sent = {"zip": zip_of(b__py=b"x = 1", logo__png=b"\x89PNG\0")}
    files = admin.post(url_of(project, "function_unpack"), sent, headers=JSON).json()["files"]
    assert files[0] == {"path": "b.py", "text": "x = 1", "size": 5, "executable": False}
    assert base64.b64decode(files[1]["base64"]) == b"\x89PNG\0"
    assert DraftFile.objects.count() == before


def test_a_zip_that_cannot_be_taken_is_refused_in_words(admin, project, function):
    evil = zip_of(**{"../out": b"x"})
    large = zip_of(a__txt=b"x" * (3 * 1024 * 1024 + 1))
    for sent, words in ((evil, "leaves the package"), (large, "does not fit the editor"), (None, "no zip")):
        answer = admin.post(url_of(project, "function_unpack"), {"zip": sent} if sent else {}, headers=JSON)
        assert answer.status_code in {400, 413}
        assert words in answer.json()["error"]["message"]


def test_what_was_dropped_and_is_no_text_is_saved(ask, project, function):
    files = {"logo.png": {"base64": base64.b64encode(b"\x89PNG\0").decode()}}
    assert ask("function_files", {"token": str(function.draft.token), "files": files}).status_code == 200
    assert bytes(DraftFile.objects.get(path="logo.png").content) == b"\x89PNG\0"
    wrong = {"token": str(function.draft.token), "files": {"a": {"base64": "no!"}}}
    assert ask("function_files", wrong).status_code == 400


def test_the_page_brings_names_to_complete_and_no_values(admin, project, function):
    text = admin.get(url_of(project, "function_code")).content.decode()
    words = json.loads(
        text.split('<script id="editor-words" type="application/json">')[1].split("</script>")[0]
    )
    assert "aws_request_id" in words["context"]
    assert "json" in words["modules"]
    assert "AWS_REGION" in words["variables"]
    assert words["manifest"] == "requirements.txt"
    assert (words["most_files"], words["most_bytes"]) == (500, 3 * 1024 * 1024)


def test_installed_packages_of_what_runs_are_completed(admin, project, function):
    tree = store().dependencies("some-key")
    (tree / "requests").mkdir(parents=True)
    DependencyTree.objects.create(key="some-key", runtime="python3.13")
    Revision.objects.filter(pk=function.latest_id).update(dependencies_id="some-key")
    text = admin.get(url_of(project, "function_code")).content.decode()
    words = json.loads(
        text.split('<script id="editor-words" type="application/json">')[1].split("</script>")[0]
    )
    assert words["packages"] == ["requests"]
