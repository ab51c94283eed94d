"""Statements on a function: added, removed, limited; and what public URLs need."""

import importlib
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from functions.errors import (
    AccessDenied,
    PolicyLengthExceeded,
    PreconditionFailed,
    ResourceConflict,
    ResourceNotFound,
)
from functions.models import Function, FunctionPolicy, FunctionUrl
from functions.policies import INVOKE, PUBLIC_URL_SID, statement_document
from functions.queries import snapshots
from functions.services import policies as services
from functions.services import triggers, versions


def add(acting, function, sid="s", qualifier="", action=INVOKE, principal="*", **more):
    statement = statement_document(sid, action, principal)
    return services.add_permission(
        acting=acting, function=function, qualifier=qualifier, statement=statement, **more
    )


def sids(function, qualifier=""):
    rows = FunctionPolicy.objects.filter(function=function, qualifier=qualifier)
    return [statement["Sid"] for row in rows for statement in row.statements]


def test_statements_are_added_and_removed(developer, viewer, function, announced, audited):
    first = add(developer, function).revision
    assert add(developer, function, "t").revision != first
    assert sids(function) == ["s", "t"]
    with pytest.raises(ResourceConflict, match=r"The statement id \(s\) provided already exists"):
        add(developer, function)
    with pytest.raises(AccessDenied):
        add(viewer, function, "u")
    services.remove_permission(acting=developer, function=function, qualifier="", sid="s")
    assert sids(function) == ["t"]
    with pytest.raises(ResourceNotFound, match="Statement s is not found"):
        services.remove_permission(acting=developer, function=function, qualifier="", sid="s")
    with pytest.raises(AccessDenied):
        services.remove_permission(acting=viewer, function=function, qualifier="", sid="t")
    assert announced == [{"function_id": str(function.pk)}] * 3
    assert audited() == ["policy.add", "policy.add", "policy.remove"]


def test_nothing_can_be_removed_where_nothing_is(developer, function):
    with pytest.raises(ResourceNotFound, match="No policy is associated"):
        services.remove_permission(acting=developer, function=function, qualifier="", sid="s")


def test_revisions_are_conditions(developer, function):
    with pytest.raises(PreconditionFailed):
        add(developer, function, revision_id="other", first_revision_id="own")
    revision = add(developer, function, revision_id="own", first_revision_id="own").revision
    with pytest.raises(PreconditionFailed):
        add(developer, function, "t", revision_id="own", first_revision_id="own")
    newer = add(developer, function, "t", revision_id=str(revision)).revision
    gone = {"acting": developer, "function": function, "qualifier": "", "sid": "s"}
    with pytest.raises(PreconditionFailed):
        services.remove_permission(**gone, revision_id=str(revision))
    services.remove_permission(**gone, revision_id=str(newer))
    assert sids(function) == ["t"]


def test_a_policy_has_at_most_20_kb(developer, function):
    account = "arn:aws:iam::111122223333:role/" + "r" * 850
    for number in range(20):
        add(developer, function, f"s{number}", principal=account)
    with pytest.raises(PolicyLengthExceeded):
        add(developer, function, "more", principal=account)
    assert len(sids(function)) == 20


def test_a_policy_belongs_to_its_qualifier_and_goes_with_it(developer, function):
    for qualifier in ("", "live", "1"):
        add(developer, function, qualifier=qualifier)
    routes = [
        snapshots.route_by_id(function_id=function.pk, qualifier=q) for q in ("", "live", "1", "$LATEST")
    ]
    assert [len(route.statements) for route in routes] == [1, 1, 1, 1]
    versions.delete_alias(acting=developer, alias=function.aliases.get())
    versions.delete_version(acting=developer, function=function, number=1)
    assert (sids(function, "live"), sids(function, "1"), sids(function)) == ([], [], ["s"])


def test_a_url_that_the_console_makes_is_public_and_one_of_the_api_is_not_yet(developer, function):
    triggers.create_url(acting=developer, function=function, qualifier="1")
    assert sids(function, "1") == []
    url = triggers.create_url(acting=developer, function=function, auth="AWS_IAM", allow_public=True)
    assert sids(function, "live") == []
    triggers.update_url(acting=developer, url=url, auth="NONE", allow_public=True)
    triggers.update_url(acting=developer, url=url, enabled=True, allow_public=True)
    assert sids(function, "live") == [PUBLIC_URL_SID]


def test_a_taken_name_does_not_keep_a_url_from_being_public(developer, function):
    add(developer, function, PUBLIC_URL_SID, "live", principal="111122223333")
    triggers.create_url(acting=developer, function=function, allow_public=True)
    assert sids(function, "live") == [PUBLIC_URL_SID, f"{PUBLIC_URL_SID}-2"]


def test_urls_of_before_go_on_answering(function):
    FunctionUrl.objects.create(function=function, url_id="open", qualifier="live")
    FunctionUrl.objects.create(function=function, url_id="closed", qualifier="1", auth="AWS_IAM")
    migration = importlib.import_module("functions.migrations.0007_function_policy")
    migration.allow_public_urls(apps, SimpleNamespace(connection=connection))
    assert (sids(function, "live"), sids(function, "1")) == ([PUBLIC_URL_SID], [])
    assert Function.objects.get().policies.count() == 1
