"""People, roles, passwords and keys: who may grant, who stays, and what stops working."""

import pytest
from django.utils import timezone

from functions.errors import AccessDenied, InvalidParameterValue, ResourceConflict, ResourceNotFound
from functions.models import AccessKey, AuditEntry, Membership, Project, User
from functions.queries import access, snapshots
from functions.services import keys, people, projects
from functions.states import Role
from tests.support import rows


def membership_of(principal) -> Membership:
    return Membership.objects.get(user_id=principal.id)


def test_the_first_administrator_is_made_once(databases):
    name, password = people.ensure_first_administrator()
    user = User.objects.get()
    assert user.check_password(password)
    assert user.is_superuser
    assert user.must_change_password
    assert people.ensure_first_administrator() is None
    assert Project.objects.get() == people.default_project()
    project, principal = access.project_for(user, people.DEFAULT_ACCOUNT)
    assert (project.account, principal.role, name) == ("000000000001", "administrator", "admin")


def test_one_time_passwords_differ_and_are_long():
    made = {people.one_time_password() for _ in range(50)}
    assert len(made) == 50
    assert all(len(password) == 23 for password in made)


def test_a_member_is_made_by_administrators_only(principal, operator, project):
    user, password = people.create_member(acting=principal, project=project, username="eve", role=Role.VIEWER)
    assert user.check_password(password)
    assert user.must_change_password
    with pytest.raises(ResourceConflict):
        people.create_member(acting=principal, project=project, username="eve", role=Role.VIEWER)
    with pytest.raises(AccessDenied):
        people.create_member(acting=operator, project=project, username="mal", role=Role.ADMINISTRATOR)
    for name in ("", "a b", "x" * 65, "a/b"):
        with pytest.raises(InvalidParameterValue):
            people.create_member(acting=principal, project=project, username=name, role=Role.VIEWER)
    assert password not in str(list(AuditEntry.objects.values()))


def test_the_last_administrator_stays(principal, developer):
    mine = membership_of(principal)
    with pytest.raises(ResourceConflict):
        people.set_role(acting=principal, membership=mine, role=Role.VIEWER)
    with pytest.raises(ResourceConflict):
        people.remove_member(acting=principal, membership=mine)
    people.set_role(acting=principal, membership=membership_of(developer), role=Role.ADMINISTRATOR)
    people.set_role(acting=principal, membership=mine, role=Role.VIEWER)
    assert membership_of(principal).role == Role.VIEWER


def test_a_new_role_holds_for_keys_too(principal, developer, project, announced):
    user = User.objects.get(pk=developer.id)
    key, _ = keys.create_access_key(acting=developer, project=project, user=user)
    people.set_role(acting=principal, membership=membership_of(developer), role=Role.VIEWER)
    assert snapshots.access_key(key.key_id).principal.role == "viewer"
    assert announced == [{"key_id": key.key_id}] * 2


def test_roles_are_set_by_administrators_only(operator, developer):
    with pytest.raises(AccessDenied):
        people.set_role(acting=operator, membership=membership_of(developer), role=Role.VIEWER)
    with pytest.raises(AccessDenied):
        people.remove_member(acting=developer, membership=membership_of(operator))


def test_who_leaves_sees_nothing_and_their_keys_stop(principal, developer, project, announced):
    user = User.objects.get(pk=developer.id)
    key, _ = keys.create_access_key(acting=developer, project=project, user=user)
    people.remove_member(acting=principal, membership=membership_of(developer))
    with pytest.raises(ResourceNotFound):
        access.project_for(user, project.account)
    assert snapshots.access_key(key.key_id) is None
    assert announced[-1] == {"key_id": key.key_id}


def test_a_password_is_changed_by_its_owner_and_must_be_a_good_one(developer, principal):
    user = User.objects.get(pk=developer.id)
    User.objects.update(must_change_password=True)
    for password in ("short", "password", "12345678901", "dev"):
        with pytest.raises(InvalidParameterValue) as caught:
            people.change_password(acting=developer, user=user, password=password)
        assert caught.value.field == "password"
    with pytest.raises(AccessDenied):
        people.change_password(acting=principal, user=user, password="a long enough one")
    people.change_password(acting=developer, user=user, password="a long enough one")
    user = User.objects.get(pk=developer.id)
    assert user.check_password("a long enough one")
    assert not user.must_change_password


def test_a_locked_out_administrator_is_let_in(principal):
    User.objects.update(is_active=False)
    password = people.reset_administrator_password(username="ada")
    user = User.objects.get(username="ada")
    assert user.check_password(password)
    assert user.is_active
    assert user.must_change_password
    with pytest.raises(ResourceNotFound):
        people.reset_administrator_password(username="nobody")


def test_a_key_is_shown_once_and_works(developer, project):
    user = User.objects.get(pk=developer.id)
    key, secret = keys.create_access_key(acting=developer, project=project, user=user, description="ci")
    found = snapshots.access_key(key.key_id)
    assert key.key_id.startswith("AKIA")
    assert (len(key.key_id), len(secret)) == (20, 40)
    assert (found.secret, found.principal.role, found.principal.id) == (secret, "developer", developer.id)
    assert secret not in str(list(AuditEntry.objects.values()))
    assert secret.encode() not in bytes(AccessKey.objects.get().secret)
    assert secret not in repr(found)


def test_keys_for_others_are_made_by_administrators(principal, developer, viewer, project):
    user = User.objects.get(pk=developer.id)
    keys.create_access_key(acting=principal, project=project, user=user)
    with pytest.raises(AccessDenied):
        keys.create_access_key(acting=developer, project=project, user=User.objects.get(username="ada"))
    with pytest.raises(AccessDenied):
        keys.create_access_key(acting=viewer, project=project, user=User.objects.get(pk=viewer.id))
    stranger = User.objects.create_user("sam")
    with pytest.raises(ResourceNotFound):
        keys.create_access_key(acting=principal, project=project, user=stranger)


def test_nobody_has_countless_keys(developer, project, monkeypatch):
    monkeypatch.setattr(keys, "MOST_KEYS", 1)
    user = User.objects.get(pk=developer.id)
    key, _ = keys.create_access_key(acting=developer, project=project, user=user)
    with pytest.raises(ResourceConflict):
        keys.create_access_key(acting=developer, project=project, user=user)
    keys.revoke_access_key(acting=developer, key=key)
    keys.create_access_key(acting=developer, project=project, user=user)


@pytest.mark.parametrize("why", ["revoked", "expired", "inactive", "unknown"])
def test_keys_that_do_not_work(developer, operator, principal, project, why):
    user = User.objects.get(pk=developer.id)
    key, _ = keys.create_access_key(acting=developer, project=project, user=user)
    match why:
        case "revoked":
            with pytest.raises(AccessDenied):
                keys.revoke_access_key(acting=operator, key=key)
            keys.revoke_access_key(acting=principal, key=key)
            keys.revoke_access_key(acting=developer, key=key)
            assert AuditEntry.objects.filter(action="key.revoke").count() == 1
        case "expired":
            AccessKey.objects.update(expires_at=timezone.now())
        case "inactive":
            User.objects.filter(pk=user.pk).update(is_active=False)
        case "unknown":
            AccessKey.objects.all().delete()
    assert snapshots.access_key(key.key_id) is None


def test_a_projects_limit_and_name(principal, operator, project, function, announced):
    projects.change(acting=principal, project=project, name=" Shop ", concurrency_limit=50)
    project.refresh_from_db()
    assert (project.name, project.concurrency_limit) == ("Shop", 50)
    assert announced == [{"function_id": str(function.pk)}]
    with pytest.raises(AccessDenied):
        projects.change(acting=operator, project=project, name="x", concurrency_limit=50)
    for values in ({"name": " ", "concurrency_limit": 1}, {"name": "x", "concurrency_limit": 0}):
        with pytest.raises(InvalidParameterValue):
            projects.change(acting=principal, project=project, **values)


def test_strangers_and_superusers(project):
    stranger = User.objects.create_user("sam")
    root = User.objects.create_user("root", is_superuser=True)
    member = rows.make_user(project, "ann", Role.VIEWER)
    for account in (project.account, "999999999999"):
        with pytest.raises(ResourceNotFound):
            access.project_for(stranger, account)
    assert access.project_for(root, project.account)[1].role == Role.ADMINISTRATOR
    assert access.project_for(member, project.account)[1].role == Role.VIEWER
    assert (access.projects_of(stranger), access.projects_of(member)) == ([], [project])
