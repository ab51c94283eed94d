"""What people edit: files, settings, the token that tells the second of two editors."""

import stat

import pytest

from functions.archives import FileContent
from functions.errors import AccessDenied, InvalidParameterValue, InvalidZipFile, PreconditionFailed
from functions.installation import vault
from functions.models import AuditEntry, Draft
from functions.services import drafts as services
from tests.functions.test_archives import LINK, zipped


def files_of(function):
    rows = Draft.objects.get(function=function).files.all()
    return {row.path: FileContent(bytes(row.content), row.executable) for row in rows}


def save(acting, function, token=None, removed=frozenset(), **texts):
    files = {name.replace("_py", ".py"): FileContent(text.encode()) for name, text in texts.items()}
    return services.save_files(acting=acting, function=function, token=token, files=files, removed=removed)


def test_files_are_added_changed_and_removed(developer, draft):
    save(developer, draft, main_py="1", other_py="2")
    save(developer, draft, main_py="3", removed=frozenset({"lambda_function.py", "other.py"}))
    assert files_of(draft) == {"main.py": FileContent(b"3")}


def test_the_second_of_two_editors_is_told(developer, draft):
    token = draft.draft.token
    newer = save(developer, draft, token=token, main_py="mine")
    with pytest.raises(PreconditionFailed):
        save(developer, draft, token=token, main_py="yours")
    assert files_of(draft)["main.py"].content == b"mine"
    assert save(developer, draft, token=newer, main_py="yours") != newer


def test_a_viewer_may_not_edit(viewer, draft):
    with pytest.raises(AccessDenied):
        save(viewer, draft, main_py="1")


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a//b", "", "a\\b", "a/./b", "x" * 513, "a\0b"])
def test_paths_outside_are_refused(developer, draft, path):
    with pytest.raises(InvalidParameterValue):
        services.save_files(acting=developer, function=draft, token=None, files={path: FileContent(b"")})


def test_a_file_where_a_folder_should_be_is_refused(developer, draft):
    with pytest.raises(InvalidParameterValue):
        services.replace_files(
            acting=developer, function=draft, files={"a": FileContent(b""), "a/b": FileContent(b"")}
        )
    assert list(files_of(draft)) == ["lambda_function.py"]


def test_the_editor_has_its_limits(developer, draft, monkeypatch):
    monkeypatch.setattr(services, "EDITOR_FILES", 2)
    save(developer, draft, a_py="1")
    with pytest.raises(InvalidParameterValue):
        save(developer, draft, b_py="1")
    monkeypatch.setattr(services, "EDITOR_TEXT", 10)
    with pytest.raises(InvalidParameterValue):
        save(developer, draft, a_py="1" * 11)


def test_a_small_zip_becomes_files(developer, draft):
    data = zipped(("app.py", "x"), ("bin/run", "#!", stat.S_IFREG | 0o755))
    services.upload_zip(acting=developer, function=draft, data=data)
    assert files_of(draft) == {"app.py": FileContent(b"x"), "bin/run": FileContent(b"#!", True)}
    assert Draft.objects.get(function=draft).package is None


@pytest.mark.parametrize("why", ["size", "links"])
def test_a_zip_that_does_not_fit_the_editor_becomes_a_package(developer, draft, monkeypatch, why):
    monkeypatch.setattr(services, "EDITOR_TEXT", 4 if why == "size" else 100)
    data = zipped(("app.py", "x" * 5), *([("l", "app.py", LINK)] if why == "links" else []))
    services.upload_zip(acting=developer, function=draft, data=data)
    assert files_of(draft) == {}
    assert Draft.objects.get(function=draft).package.size == len(data)
    save(developer, draft, app_py="1")
    assert Draft.objects.get(function=draft).package is None


def test_a_zip_that_may_not_be_changes_nothing(developer, viewer, draft):
    before = Draft.objects.get(function=draft).token
    for data in (b"nonsense", zipped(("../x", "1"))):
        with pytest.raises(InvalidZipFile):
            services.upload_zip(acting=developer, function=draft, data=data)
    with pytest.raises(AccessDenied):
        services.upload_zip(acting=viewer, function=draft, data=zipped(("a", "1")))
    assert Draft.objects.get(function=draft).token == before


def configure(acting, function, **values):
    services.save_configuration(acting=acting, function=function, **values)
    return Draft.objects.get(function=function)


def test_settings_are_saved(developer, draft):
    saved = configure(developer, draft, memory_mb=512, timeout_s=30, handler="app.main", network="none")
    assert (saved.memory_mb, saved.timeout_s, saved.handler, saved.network) == (512, 30, "app.main", "none")


@pytest.mark.parametrize(
    "field, value",
    [
        ("memory_mb", 127),
        ("memory_mb", 10241),
        ("timeout_s", 0),
        ("timeout_s", 901),
        ("ephemeral_mb", 511),
        ("handler", "a b"),
        ("runtime", "cobol"),
        ("network", "wifi"),
        ("event_capture", "some"),
    ],
)
def test_settings_out_of_range_are_refused_with_the_field(developer, draft, field, value):
    with pytest.raises(InvalidParameterValue) as caught:
        configure(developer, draft, **{field: value})
    assert caught.value.field == field


def test_the_environment_is_sealed_and_never_audited(developer, draft):
    saved = configure(developer, draft, environment={"TOKEN": "geheim"}, memory_mb=256)
    assert b"geheim" not in bytes(saved.environment)
    assert vault().unseal_environment(saved.environment) == {"TOKEN": "geheim"}
    assert configure(developer, draft, memory_mb=512).environment == saved.environment
    assert configure(developer, draft, environment={}).environment == b""
    assert "geheim" not in str(list(AuditEntry.objects.values_list("before", "after")))


@pytest.mark.parametrize(
    "variables",
    [{"1A": "x"}, {"A": "x"}, {"A-B": "x"}, {"AWS_REGION": "x"}, {"AB": "x" * 4095}, {"AB": "a\0b"}],
)
def test_an_environment_that_lambda_refuses(developer, draft, variables):
    with pytest.raises(InvalidParameterValue) as caught:
        configure(developer, draft, environment=variables)
    assert caught.value.field == "environment"


def test_the_environment_may_have_exactly_four_kilobytes(developer, draft):
    assert configure(developer, draft, environment={"AB": "x" * 4094}).environment


def test_what_no_database_takes_is_made_plain_or_refused(developer, draft):
    assert configure(developer, draft, description="a\0b").description == "a\ufffdb"
    for path in ("a\0b", "a\ud800"):
        with pytest.raises(InvalidParameterValue):
            services.save_files(acting=developer, function=draft, token=None, files={path: FileContent(b"")})
    for value in ("\0", "\ud800"):
        with pytest.raises(InvalidParameterValue):
            configure(developer, draft, environment={"AB": value})


def test_a_chosen_schedules_input_is_not_audited(developer, draft):
    trigger = {"kind": "schedule", "expression": "rate(1 hour)", "payload": '{"token": "geheim"}'}
    services.choose_trigger(acting=developer, function=draft, trigger=trigger)
    assert Draft.objects.get(function=draft).trigger == trigger
    assert "geheim" not in str(list(AuditEntry.objects.values_list("after")))


def test_the_wizard_goes_forwards(developer, draft):
    services.set_wizard_step(acting=developer, function=draft, step=3)
    services.set_wizard_step(acting=developer, function=draft, step=2)
    assert Draft.objects.get(function=draft).wizard_step == 3


def test_a_zip_never_replaces_what_somebody_else_saved_meanwhile(draft, developer):
    token = draft.draft.token
    newer = save(developer, draft, token=token, main_py="theirs")
    with pytest.raises(PreconditionFailed):
        services.upload_zip(acting=developer, function=draft, data=zipped(("a.py", "1")), token=token)
    large = zipped(("a.bin", "0" * (3 * 1024 * 1024 + 1)))
    with pytest.raises(PreconditionFailed):
        services.upload_zip(acting=developer, function=draft, data=large, token=token)
    assert set(files_of(draft)) == {"lambda_function.py", "main.py"}
    services.upload_zip(acting=developer, function=draft, data=zipped(("a.py", "1")), token=newer)
    assert set(files_of(draft)) == {"a.py"}
