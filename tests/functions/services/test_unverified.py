"""Whom an access key id stands for where signatures are not verified."""

import pytest

from functions.models import AuditEntry, Project
from functions.services.keys import create_access_key
from functions.services.unverified import believed_key
from functions.states import Role
from tests.support import rows

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])


def test_a_real_key_is_its_owners(project, principal):
    viewer = rows.make_user(project, "vera", Role.VIEWER)
    key, _ = create_access_key(acting=principal, project=project, user=viewer)
    found = believed_key(key.key_id).principal
    assert (found.name, found.role, found.account) == ("vera", Role.VIEWER, project.account)


def test_twelve_digits_are_an_account_which_is_made_once(project):
    found = believed_key(project.account).principal
    assert (found.account, found.role, found.kind, found.user_id) == (
        project.account,
        Role.ADMINISTRATOR,
        "key",
        None,
    )
    first, second = believed_key("123456789012"), believed_key("123456789012")
    assert first.principal == second.principal
    made = Project.objects.get(account="123456789012")
    assert first.principal.project_id == str(made.pk)
    assert AuditEntry.objects.filter(action="project.create", project=made).count() == 1


@pytest.mark.parametrize("key_id", ["test", "AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", "1234"])
def test_any_other_is_of_the_first_project(project, key_id):
    rows.make_project("Second")
    assert believed_key(key_id).principal.account == project.account
