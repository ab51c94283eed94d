"""Secrets: made, changed, revealed, deleted; and what that does to functions that have them."""

import pytest

from functions.errors import (
    AccessDenied,
    InvalidParameterValue,
    ResourceConflict,
    ResourceNotFound,
    UnresolvedSecret,
)
from functions.installation import vault
from functions.models import AuditEntry, Secret
from functions.queries import secrets as queries
from functions.queries import snapshots
from functions.secret_references import reference
from functions.services import deploys, drafts, secrets
from functions.states import Role
from tests.support import rows


@pytest.fixture
def secret(developer, project) -> Secret:
    return secrets.create_secret(acting=developer, project=project, name="db/password", value="first-value")


def using(function, name="db/password"):
    """The function, deployed with a variable that refers to a secret."""
    sealed = vault().seal_environment({"PASSWORD": reference(name)})
    deployed = rows.deploy(function, environment=sealed)
    secrets.bind(deployed.latest)
    return deployed


def snapshot(function):
    return snapshots.route_by_id(function_id=function.pk, qualifier="").choices[0][0]


def test_a_value_is_kept_sealed_and_told_to_nobody(secret, audited):
    assert b"first-value" not in bytes(secret.value)
    assert audited() == ["secret.create"]
    assert "first-value" not in str(AuditEntry.objects.values_list("before", "after", "target_name"))


@pytest.mark.parametrize("name", ["", "has space", "x" * 513, "a:b", "ü"])
def test_a_wrong_name_is_refused(developer, project, name):
    with pytest.raises(InvalidParameterValue) as refused:
        secrets.create_secret(acting=developer, project=project, name=name, value="v")
    assert refused.value.field == "name"


@pytest.mark.parametrize("value", ["", "x" * 65_537])
def test_a_wrong_value_is_refused(developer, project, secret, value):
    for attempt in (
        lambda: secrets.create_secret(acting=developer, project=project, name="n", value=value),
        lambda: secrets.put_value(acting=developer, secret=secret, value=value),
    ):
        with pytest.raises(InvalidParameterValue) as refused:
            attempt()
        assert refused.value.field == "value"


def test_the_largest_value_is_taken(developer, project):
    assert secrets.create_secret(acting=developer, project=project, name="n", value="x" * 65_536)


def test_a_name_is_once_in_a_project(developer, project, secret):
    with pytest.raises(ResourceConflict):
        secrets.create_secret(acting=developer, project=project, name="db/password", value="v")
    other = rows.make_project("Other")
    theirs = rows.principal_of(other, rows.make_user(other, "they", Role.DEVELOPER), Role.DEVELOPER)
    assert secrets.create_secret(acting=theirs, project=other, name="db/password", value="v")


def test_viewers_and_strangers_change_nothing(viewer, project, secret):
    with pytest.raises(AccessDenied):
        secrets.create_secret(acting=viewer, project=project, name="n", value="v")
    with pytest.raises(AccessDenied):
        secrets.put_value(acting=viewer, secret=secret, value="v")
    with pytest.raises(AccessDenied):
        secrets.delete_secret(acting=viewer, secret=secret, typed_name=secret.name)
    other = rows.make_project("Other")
    theirs = rows.principal_of(other, rows.make_user(other, "they", Role.OPERATOR), Role.OPERATOR)
    with pytest.raises(ResourceNotFound):
        secrets.reveal(acting=theirs, secret=secret)


def test_revealing_takes_an_operator_and_is_audited(developer, operator, secret, audited):
    with pytest.raises(AccessDenied):
        secrets.reveal(acting=developer, secret=secret)
    assert secrets.reveal(acting=operator, secret=secret) == "first-value"
    assert audited() == ["secret.create", "secret.reveal"]


def test_what_runs_has_the_value(function, secret):
    assert snapshot(using(function)).environment == {"PASSWORD": "first-value"}


def test_another_value_is_another_environment_and_the_gateway_hears_of_it(
    developer, function, secret, announced
):
    before = snapshot(using(function))
    announced.clear()
    secrets.put_value(acting=developer, secret=secret, value="two")
    assert announced == [{"function_id": str(function.pk)}]
    after = snapshot(function)
    assert after.environment == {"PASSWORD": "two"}
    assert after.secrets != before.secrets
    assert after.revision_id == before.revision_id


def test_a_function_without_secrets_hears_nothing(developer, function, secret, announced):
    assert snapshot(rows.deploy(function)).secrets == ""
    secrets.put_value(acting=developer, secret=secret, value="two")
    assert announced == []


def test_a_secret_of_another_project_is_none(developer, function):
    other = rows.make_project("Other")
    theirs = rows.principal_of(other, rows.make_user(other, "they", Role.DEVELOPER), Role.DEVELOPER)
    secrets.create_secret(acting=theirs, project=other, name="theirs", value="v")
    with pytest.raises(InvalidParameterValue, match="There is no secret theirs"):
        secrets.check_references(function.project_id, {"PASSWORD": reference("theirs")})
    sealed = vault().seal_environment({"PASSWORD": reference("theirs")})
    deployed = rows.deploy(function, environment=sealed)
    with pytest.raises(UnresolvedSecret, match="there is no secret theirs"):
        snapshot(deployed)


def test_a_draft_with_an_unknown_secret_is_refused(developer, draft):
    with pytest.raises(InvalidParameterValue) as refused:
        drafts.save_configuration(
            acting=developer, function=draft, environment={"PASSWORD": reference("none")}
        )
    assert refused.value.field == "environment"


def test_a_deploy_notes_which_secrets_it_has(developer, draft, secret):
    drafts.save_configuration(
        acting=developer, function=draft, environment={"PASSWORD": reference("db/password")}
    )
    deployment = deploys.request_deploy(acting=developer, function=draft)
    assert list(deployment.revision.secrets.all()) == [secret]


def test_an_update_by_the_api_with_an_unknown_secret_is_refused(developer, function):
    deployed = rows.deploy(function)
    settings = {"environment": vault().seal_environment({"PASSWORD": reference("none")})}
    with pytest.raises(InvalidParameterValue, match="There is no secret none"):
        deploys.request_update(acting=developer, function=deployed, settings=settings)


def test_one_that_runs_cannot_be_deleted(developer, function, secret):
    using(function)
    with pytest.raises(ResourceConflict, match="hello would fail without it"):
        secrets.delete_secret(acting=developer, secret=secret, typed_name=secret.name)
    rows.deploy(function)
    with pytest.raises(InvalidParameterValue):
        secrets.delete_secret(acting=developer, secret=secret, typed_name="db")
    secrets.delete_secret(acting=developer, secret=secret, typed_name=secret.name)
    assert not Secret.objects.exists()


def test_an_alias_keeps_it_in_use(developer, project, function, secret):
    deployed = using(function)
    version = rows.publish(deployed, deployed.latest)
    deployed.aliases.create(name="stable", version=version)
    rows.deploy(deployed)
    assert [row.name for row in queries.functions_using(secret)] == ["hello"]
