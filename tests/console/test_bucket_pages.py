"""Buckets: made, browsed, filled and emptied by hand, by whom it may be; nothing in them runs on the console's origin."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from functions import queues
from functions.models import AuditEntry, Bucket, Event, StoredObject
from functions.services import buckets as services
from functions.services import functions, objects
from functions.services.objects import Description
from functions.states import Role
from tests.support import rows

HTML = b"<script>steal()</script>"


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    """Workers are not told: there is no Redis here."""
    monkeypatch.setattr(queues, "_publish", lambda *_: None)
    monkeypatch.setattr(queues, "_enqueue", lambda *_: None)


def url(name, project, *more):
    return reverse(name, args=[project.account, *more])


def text_of(answer) -> str:
    return answer.content.decode()


def file(name: str, content: bytes = b"text", kind: str = "text/plain") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, kind)


@pytest.fixture
def bucket(principal, project) -> Bucket:
    return services.create_bucket(acting=principal, project=project, name="photos")


@pytest.fixture
def put(principal, bucket):
    def store(key: str, content: bytes = b"text", kind: str = "text/plain", **metadata: str) -> StoredObject:
        told = Description({"ContentType": kind}, metadata)
        return objects.put_object(acting=principal, bucket=bucket, key=key, body=[content], description=told)

    return store


def test_an_empty_list_says_what_a_bucket_is(admin, project):
    assert "No buckets" in text_of(admin.get(url("buckets", project)))


def test_one_is_made_and_a_bad_name_is_refused(admin, project):
    assert admin.post(url("buckets", project), {"name": "photos"}).url == url("bucket", project, "photos")
    assert AuditEntry.objects.filter(action="bucket.create", target_name="photos").exists()
    assert "No objects" in text_of(admin.get(url("bucket", project, "photos")))
    assert url("bucket", project, "photos") in text_of(admin.get(url("buckets", project)))
    for name in ("No Good", "", "photos"):
        answer = admin.post(url("buckets", project), {"name": name})
        assert answer.status_code in {400, 409}
        assert 'id="field-name-problem"' in text_of(answer)
    assert Bucket.objects.count() == 1


def test_keys_are_browsed_as_folders(admin, project, bucket, put):
    for key in ("a/1.txt", "a/b/2.txt", "a/b/3.txt", "top.txt", "ä & ü/x.txt"):
        put(key)
    page = url("bucket", project, "photos")
    top = text_of(admin.get(page))
    assert "?prefix=a%2F" in top
    assert "?prefix=%C3%A4%20%26%20%C3%BC%2F" in top
    assert "top.txt" in top
    assert "1.txt" not in top
    below = text_of(admin.get(page, {"prefix": "a/"}))
    assert "1.txt" in below
    assert "?prefix=a%2Fb%2F" in below
    assert "top.txt" not in below
    assert 'value="a"' in below  # what is uploaded goes here
    assert "2.txt" in text_of(admin.get(page, {"prefix": "a/b/2"}))
    assert "Nothing begins so" in text_of(admin.get(page, {"prefix": "zzz"}))


def test_a_long_list_comes_in_pages(admin, project, bucket, put, monkeypatch):
    monkeypatch.setattr("console.views.buckets.ROWS_AT_ONCE", 2)
    for name in ("1", "2", "3"):
        put(f"n/{name}.txt")
    first = text_of(admin.get(url("bucket", project, "photos"), {"prefix": "n/"}))
    marker = b"n/2.txt".hex()
    assert f"?prefix=n%2F&amp;marker={marker}" in first
    second = text_of(admin.get(url("bucket", project, "photos"), {"prefix": "n/", "marker": marker}))
    assert "3.txt" in second
    assert "First page" in second
    assert "2.txt" not in second
    for wrong in ("nonsense", "ff"):
        answer = admin.get(url("bucket", project, "photos"), {"marker": wrong})
        assert answer.status_code == 400


def test_files_are_uploaded_into_a_folder(admin, project, bucket):
    sent = {"folder": "/in/box/", "files": [file("one.txt"), file("two.html", HTML, "text/html")]}
    answer = admin.post(url("bucket_upload", project, "photos"), sent)
    assert answer.url == url("bucket", project, "photos") + "?prefix=in%2Fbox%2F"
    kept = {row.name: (row.size, row.headers["ContentType"]) for row in StoredObject.objects.all()}
    assert kept == {"in/box/one.txt": (4, "text/plain"), "in/box/two.html": (len(HTML), "text/html")}
    assert AuditEntry.objects.filter(action="object.put").count() == 2
    bucket.refresh_from_db()
    assert bucket.stored_bytes == 4 + len(HTML)


def test_uploads_that_cannot_be_say_why(admin, project, bucket, monkeypatch):
    upload = url("bucket_upload", project, "photos")
    nothing = admin.post(upload, {"folder": "kept"})
    assert nothing.status_code == 400
    assert 'id="upload-files-problem"' in text_of(nothing)
    assert 'value="kept"' in text_of(nothing)
    monkeypatch.setattr("console.views.buckets.LARGEST_UPLOAD", 3)
    large = admin.post(upload, {"files": [file("a.txt")]})
    assert (large.status_code, b'id="upload-files-problem"' in large.content) == (400, True)
    monkeypatch.undo()
    long = admin.post(upload, {"folder": "x" * 1100, "files": [file("a.txt")]})
    assert (long.status_code, "Your key is too long" in text_of(long)) == (400, True)
    assert not StoredObject.objects.exists()


def test_an_object_is_shown_and_saved_but_never_run(admin, project, bucket, put):
    put("site/index.html", HTML, "text/html", owner="ada")
    shown = text_of(admin.get(url("bucket_object", project, "photos"), {"key": "site/index.html"}))
    assert "s3://photos/site/index.html" in shown
    assert "x-amz-meta-owner" in shown
    assert "text/html" in shown
    answer = admin.get(url("bucket_download", project, "photos"), {"key": "site/index.html"})
    assert b"".join(answer.streaming_content) == HTML
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="index.html"'
    assert answer["Content-Length"] == str(len(HTML))
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    for name in ("bucket_object", "bucket_download"):
        assert admin.get(url(name, project, "photos"), {"key": "none"}).status_code == 404
        assert admin.get(url(name, project, "none"), {"key": "x"}).status_code == 404


def test_a_key_of_any_letters_is_saved_under_its_name(admin, project, bucket, put):
    put('fünf/naïve "x".txt')
    answer = admin.get(url("bucket_download", project, "photos"), {"key": 'fünf/naïve "x".txt'})
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''na%C3%AFve")


def test_an_object_goes_once_its_name_was_typed(admin, project, bucket, put):
    put("a/one.txt")
    delete = url("bucket_object_delete", project, "photos")
    wrong = admin.post(delete, {"key": "a/one.txt", "typed_name": "one"})
    assert wrong.status_code == 400
    assert "Type one.txt to confirm" in text_of(wrong)
    assert StoredObject.objects.exists()
    gone = admin.post(delete, {"key": "a/one.txt", "typed_name": "one.txt"})
    assert gone.url == url("bucket", project, "photos") + "?prefix=a%2F"
    assert not StoredObject.objects.exists()
    assert AuditEntry.objects.filter(action="object.delete").count() == 1
    assert admin.post(delete, {"key": "a/one.txt", "typed_name": "one.txt"}).status_code == 404


def test_a_bucket_goes_when_it_is_empty(admin, project, bucket, put):
    put("one.txt")
    delete = url("bucket_delete", project, "photos")
    full = admin.post(delete, {"typed_name": "photos"})
    assert (full.status_code, "not empty" in text_of(full)) == (409, True)
    StoredObject.objects.all().delete()
    assert admin.post(delete, {"typed_name": "photo"}).status_code == 400
    assert admin.post(delete, {"typed_name": "photos"}).url == url("buckets", project)
    assert not Bucket.objects.exists()


def test_who_is_told_stands_there_and_is_told_of_uploads_by_hand(admin, project, principal, bucket, function):
    rules = [{"Name": "suffix", "Value": ".jpg"}]
    told = {
        "Id": "one",
        "LambdaFunctionArn": function.arn,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": rules}},
    }
    services.put_notifications(acting=principal, bucket=bucket, configurations=[told])
    shown = text_of(admin.get(url("bucket", project, "photos")))
    assert "of ObjectCreated:* (suffix .jpg)" in shown
    assert url("function_triggers", project, "hello") in shown
    admin.post(url("bucket_upload", project, "photos"), {"files": [file("a.jpg"), file("b.txt")]})
    assert Event.objects.count() == 1
    functions.delete_function(acting=principal, function=function)
    assert "hello (deleted)" in text_of(admin.get(url("bucket", project, "photos")))


def test_viewers_read_and_strangers_do_not(as_role, stranger, project, bucket, put):
    put("one.txt")
    viewer = as_role(Role.VIEWER)
    shown = text_of(viewer.get(url("bucket", project, "photos")))
    assert "one.txt" in shown
    assert "Upload files" not in shown
    assert "New bucket" not in text_of(viewer.get(url("buckets", project)))
    assert viewer.get(url("bucket_download", project, "photos"), {"key": "one.txt"}).status_code == 200
    key = {"key": "one.txt", "typed_name": "one.txt", "name": "more"}
    assert viewer.post(url("buckets", project), key).status_code == 403
    for name in ("bucket_upload", "bucket_object_delete", "bucket_delete"):
        assert viewer.post(url(name, project, "photos"), key).status_code == 403
        assert stranger.post(url(name, project, "photos"), key).status_code == 404
    for name in ("bucket", "bucket_object", "bucket_download"):
        assert stranger.get(url(name, project, "photos"), {"key": "one.txt"}).status_code == 404
    assert StoredObject.objects.exists()


def test_another_projects_bucket_of_the_same_name_is_another(admin, project, bucket):
    other = rows.make_project("Other")
    Bucket.objects.create(project=other, region="us-east-1", name="theirs")
    assert admin.get(url("bucket", project, "theirs")).status_code == 404
    assert "theirs" not in text_of(admin.get(url("buckets", project)))
