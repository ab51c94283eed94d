"""The tests' own ground: a home apart, and fixtures that hold what they say."""

from pathlib import Path

from functions.models import Event


def test_the_home_is_the_sessions_own(settings, home, config):
    assert config.home == home.resolve()
    if not config.database_url:
        assert Path(settings.DATABASES["default"]["NAME"]).is_relative_to(home.resolve())


def test_both_databases_answer(databases):
    assert Event.objects.count() == 0


def test_a_deployed_function_is_whole(function):
    assert not function.is_draft
    assert function.draft.is_deployed
    assert function.aliases.get().version.revision_id == function.latest_id


def test_roles_differ(principal, viewer, developer, operator):
    assert {principal.role, viewer.role, developer.role, operator.role} == {
        "administrator",
        "viewer",
        "developer",
        "operator",
    }
