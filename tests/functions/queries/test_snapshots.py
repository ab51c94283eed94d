"""What the gateway is given to run: names and qualifiers resolved, or refused in AWS's words."""

from datetime import timedelta

import pytest
from django.utils import timezone

from functions.errors import ResourceConflict, ResourceNotFound
from functions.ids import new_id
from functions.installation import store, vault
from functions.models import Alias, DependencyTree, Function, FunctionUrl, Revision
from functions.queries import snapshots
from functions.states import LATEST
from tests.support import rows


def route(function, qualifier="", **rest):
    place = {"account": function.project.account, "region": "us-east-1", "name": function.name, **rest}
    return snapshots.route(**place, qualifier=qualifier)


def only(found):
    [(snapshot, weight)] = found.choices
    assert weight == 1.0
    return snapshot


def test_no_qualifier_and_latest_are_the_newest_code(function):
    for qualifier in ("", LATEST):
        snapshot = only(route(function, qualifier))
        assert (snapshot.version, snapshot.revision_id) == (LATEST, str(function.latest_id))
    assert route(function, "").alias == ""


def test_a_number_is_its_version_and_an_alias_what_it_points_at(function):
    rows.deploy(function, memory_mb=512)
    assert only(route(function, "1")).memory_mb == 128
    found = route(function, "live")
    assert (found.qualifier, found.alias, only(found).version, only(found).memory_mb) == (
        "live",
        "live",
        "2",
        512,
    )


def test_a_split_alias_has_two_choices(function):
    first = function.versions.get(number=1)
    rows.deploy(function)
    Alias.objects.update(version=first, second_version=function.versions.get(number=2), second_weight=0.1)
    assert [(s.version, weight) for s, weight in route(function, "live").choices] == [("1", 0.9), ("2", 0.1)]
    Alias.objects.update(second_weight=0)
    assert only(route(function, "live")).version == "1"


def test_an_alias_of_latest(function):
    Alias.objects.create(function=function, name="dev")
    assert only(route(function, "dev")).version == LATEST


@pytest.mark.parametrize("qualifier", ["9", "beta", "99999999999999999999"])
def test_unknown_qualifiers(function, qualifier):
    with pytest.raises(ResourceNotFound) as caught:
        route(function, qualifier)
    assert caught.value.message == f"Function not found: {function.arn}:{qualifier}"


@pytest.mark.parametrize("place", [{"name": "other"}, {"region": "eu-west-1"}, {"account": "999999999999"}])
def test_unknown_functions(function, place):
    with pytest.raises(ResourceNotFound):
        route(function, **place)


def test_drafts_and_deleted_functions_do_not_run(draft, function):
    with pytest.raises(ResourceConflict):
        route(draft)
    with pytest.raises(ResourceNotFound):
        route(draft, "live")
    Function.objects.update(deleted_at=timezone.now())
    with pytest.raises(ResourceNotFound):
        route(function)
    with pytest.raises(ResourceNotFound):
        snapshots.route_by_id(function_id=function.pk, qualifier="")


def test_by_id_as_triggers_call(function):
    assert only(snapshots.route_by_id(function_id=function.pk, qualifier="live")).version == "1"
    with pytest.raises(ResourceNotFound):
        snapshots.route_by_id(function_id=new_id(), qualifier="")


def test_everything_that_is_needed_to_run(function):
    Revision.objects.update(environment=vault().seal_environment({"TOKEN": "geheim"}), network="none")
    Function.objects.update(reserved_concurrency=5, paused_at=timezone.now())
    snapshot = only(route(function))
    assert snapshot.environment == {"TOKEN": "geheim"}
    assert "geheim" not in repr(snapshot)
    assert (snapshot.reserved_concurrency, snapshot.account_concurrency, snapshot.paused) == (5, 1000, True)
    assert (snapshot.network, snapshot.handler) == ("none", "lambda_function.lambda_handler")
    assert snapshot.arn == f"arn:aws:lambda:us-east-1:{function.project.account}:function:hello"
    assert (snapshot.code, snapshot.dependencies) == (store().tree(function.latest.artifact_id), None)


@pytest.mark.parametrize("runtime, linked", [("python3.13", False), ("nodejs24.x", True)])
def test_code_with_dependencies(function, runtime, linked):
    tree = DependencyTree.objects.create(key="k" * 64, runtime=runtime)
    Revision.objects.update(runtime=runtime, dependencies=tree)
    snapshot = only(route(function))
    assert snapshot.dependencies == store().dependencies("k" * 64)
    assert snapshot.code == store().tree(function.latest.artifact_id, linked=linked)


def test_a_revision_that_is_not_live_yet(function):
    revision = rows.make_revision(function, memory_mb=256)
    assert snapshots.revision_snapshot(revision_id=revision.pk).memory_mb == 256
    with pytest.raises(ResourceNotFound):
        snapshots.revision_snapshot(revision_id=new_id())


def test_urls(function):
    url = FunctionUrl.objects.create(function=function, url_id="abc", auth="AWS_IAM", enabled=False)
    found = snapshots.url_by_id("abc")
    assert (found.trigger_id, found.qualifier, found.auth, found.enabled) == (
        str(url.pk),
        "live",
        "AWS_IAM",
        False,
    )
    assert snapshots.url_by_id("other") is None
    Function.objects.update(deleted_at=timezone.now() - timedelta(days=1))
    assert snapshots.url_by_id("abc") is None
