"""The Code tab: what the editor loads, saves with a token, and is told when somebody else was faster."""

import io
import json
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from functions.models import Draft, DraftFile
from functions.states import Role


def url_of(project, name="function_code"):
    return reverse(name, args=[project.account, "hello"])


def content_of(answer) -> dict:
    text = answer.content.decode()
    return json.loads(
        text.split('<script id="editor-content" type="application/json">')[1].split("</script>")[0]
    )


@pytest.fixture
def save(admin, project, function):
    """Send a change as the editor does."""

    def send(client=admin, token=None, **document):
        token = token or str(Draft.objects.get(function=function).token)
        body = {"token": token, "files": {}, "moved": {}, "removed": [], **document}
        return client.post(
            url_of(project, "function_files"),
            body,
            content_type="application/json",
            headers={"Accept": "application/json"},
        )

    return send


def zip_of(**files) -> SimpleUploadedFile:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, text in files.items():
            archive.writestr(path.replace("__", "."), text)
    return SimpleUploadedFile("code.zip", out.getvalue(), "application/zip")


def stored(function) -> dict[str, bytes]:
    return {row.path: bytes(row.content) for row in DraftFile.objects.filter(draft__function=function)}


def test_the_page_carries_files_token_and_whether_it_is_deployed(admin, project, function):
    content = content_of(admin.get(url_of(project)))
    assert [file["path"] for file in content["files"]] == ["lambda_function.py"]
    assert content["main"] == "lambda_function.py"
    assert content["deployed"] is True
    assert content["token"] == str(function.draft.token)


def test_saving_writes_moves_and_removes(save, function):
    answer = save(files={"lib/a.py": {"text": "A = 1\n"}}, removed=["lambda_function.py"])
    assert answer.status_code == 200
    assert answer.json()["deployed"] is False
    assert stored(function) == {"lib/a.py": b"A = 1\n"}
    assert save(moved={"lib/a.py": "b.py"}, removed=["lib/a.py"]).status_code == 200
    assert stored(function) == {"b.py": b"A = 1\n"}


def test_a_stale_token_is_answered_with_both_sides(save, admin, project, function):
    old = str(function.draft.token)
    save(files={"lambda_function.py": {"text": "theirs"}})
    answer = save(token=old, files={"lambda_function.py": {"text": "mine"}})
    assert answer.status_code == 412
    assert answer.json()["theirs"]["files"][0]["text"] == "theirs"
    assert stored(function) == {"lambda_function.py": b"theirs"}
    assert (
        save(
            token=answer.json()["theirs"]["token"], files={"lambda_function.py": {"text": "mine"}}
        ).status_code
        == 200
    )


@pytest.mark.parametrize("path", ["/etc/passwd", "../up.py", "a//b.py", "a/../b.py", ""])
def test_paths_that_leave_the_function_are_refused(save, function, path):
    answer = save(files={path: {"text": "x"}})
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == "path"
    assert set(stored(function)) == {"lambda_function.py"}


def test_a_body_that_is_no_change_is_refused(admin, project, function):
    for body in ("nonsense", "[]", '{"token": "x"}'):
        answer = admin.post(
            url_of(project, "function_files"),
            body,
            content_type="application/json",
            headers={"Accept": "application/json"},
        )
        assert answer.status_code == 400


def test_a_zip_takes_the_place_of_all_files(admin, project, function):
    answer = admin.post(url_of(project, "function_upload"), {"zip": zip_of(app__py="x = 1")}, follow=True)
    assert b"code.zip is the code now" in answer.content
    assert stored(function) == {"app.py": b"x = 1"}


def test_what_is_no_zip_changes_nothing_and_says_so(admin, project, function):
    bad = SimpleUploadedFile("code.zip", b"not a zip", "application/zip")
    for sent in ({"zip": bad}, {}):
        answer = admin.post(url_of(project, "function_upload"), sent, follow=True)
        assert b"the code is as it was" in answer.content
    assert set(stored(function)) == {"lambda_function.py"}


def test_a_zip_does_not_replace_what_somebody_else_saved_meanwhile(admin, save, project, function):
    loaded = str(Draft.objects.get(function=function).token)
    save(files={"theirs.py": {"text": "x"}})
    sent = {"zip": zip_of(app__py="x = 1"), "token": loaded}
    answer = admin.post(url_of(project, "function_upload"), sent, follow=True)
    assert b"Somebody else has saved this function" in answer.content
    assert "theirs.py" in stored(function)
    sent = {"zip": zip_of(app__py="x = 1"), "token": "no token"}
    assert (
        b"the code is as it was" in admin.post(url_of(project, "function_upload"), sent, follow=True).content
    )


def test_the_draft_comes_down_as_a_zip(admin, project, function):
    answer = admin.get(url_of(project, "function_download"))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["lambda_function.py"]
    assert 'filename="hello.zip"' in answer.headers["Content-Disposition"]


def test_binary_files_are_kept_and_shown_by_size_only(admin, project, function):
    DraftFile.objects.create(draft=function.draft, path="logo.png", content=b"\x89PNG\0")
    found = {file["path"]: file for file in content_of(admin.get(url_of(project)))["files"]}
    assert found["logo.png"]["text"] is None
    assert found["logo.png"]["size"] == 5


def test_a_viewer_reads_but_does_not_save(as_role, save, project, function):
    viewer = as_role(Role.VIEWER)
    text = viewer.get(url_of(project)).content.decode()
    assert "data-read-only" in text
    assert "data-deploy>" not in text
    assert save(client=viewer, files={"lambda_function.py": {"text": "x"}}).status_code == 403
    assert viewer.post(url_of(project, "function_upload"), {"zip": zip_of(app__py="x")}).status_code == 403


def test_a_stranger_gets_no_code(stranger, save, project, function):
    for name in ("function_code", "function_download"):
        assert stranger.get(url_of(project, name)).status_code == 404
    assert save(client=stranger, files={"lambda_function.py": {"text": "x"}}).status_code == 404


def test_code_cannot_close_the_data_block(admin, project, function):
    DraftFile.objects.update(content=b"</script><script>alert(1)</script>")
    assert b"</script><script>alert(1)" not in admin.get(url_of(project)).content
