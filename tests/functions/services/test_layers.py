"""Layers: published, shared, deleted, and checked before a function uses them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from functions.errors import (
    AccessDenied,
    InvalidParameterValue,
    PreconditionFailed,
    ResourceConflict,
    ResourceNotFound,
)
from functions.installation import store
from functions.limits import UNPACKED
from functions.models import Artifact, LayerVersion, Revision
from functions.policies import GET_LAYER, statement_document
from functions.queries import snapshots
from functions.queries.layers import joined_layers, layer_versions, live_versions, newest, parse_layer
from functions.services import code, deploys
from functions.services import layers as services
from functions.states import Role
from tests.support import rows


def publish(acting, project, name="tools", content=b"layer", **more):
    return services.publish_layer_version(
        acting=acting, project=project, name=name, artifact=rows.make_artifact(content), **more
    )


@pytest.fixture
def stranger(databases):
    project = rows.make_project("Other")
    return rows.principal_of(project, rows.make_user(project, "eve", Role.ADMINISTRATOR), Role.ADMINISTRATOR)


def share(acting, version, principal, sid="s", **more):
    statement = statement_document(sid, GET_LAYER, principal)
    return services.add_layer_permission(acting=acting, version=version, statement=statement, **more)


def test_versions_are_numbered_and_no_number_is_given_twice(developer, viewer, project, audited):
    first, second = publish(developer, project), publish(developer, project)
    assert (first.number, second.number, publish(developer, project, "other").number) == (1, 2, 1)
    assert second.arn == f"arn:aws:lambda:us-east-1:{project.account}:layer:tools:2"
    services.delete_layer_version(acting=developer, version=second)
    assert services.forget_layers() == 0
    assert publish(developer, project).number == 3
    assert services.forget_layers() == 1
    for refused in (
        lambda: publish(viewer, project),
        lambda: services.delete_layer_version(acting=viewer, version=first),
        lambda: share(viewer, first, "*"),
    ):
        with pytest.raises(AccessDenied):
            refused()
    assert audited() == ["layer.publish"] * 3 + ["layer.delete", "layer.publish"]


def test_what_fits_is_found_and_the_newest_of_each(developer, project):
    publish(developer, project, runtimes=["python3.13"], architectures=["x86_64"])
    publish(developer, project, runtimes=["nodejs24.x", "python3.11"])
    publish(developer, project, "other")

    def found(**more):
        return [
            str(row) for row in newest(live_versions(project.pk, region="us-east-1", **more)).order_by("name")
        ]

    assert found() == ["other:1", "tools:2"]
    assert found(runtime="python3.13") == ["tools:1"]
    assert found(runtime="python3.1") == []
    assert found(architecture="x86_64") == ["tools:1"]


@pytest.mark.parametrize("text", ["", "a b", "arn:aws:lambda:us-east-1:1:layer:x", "x:y", "x" * 141])
def test_what_names_no_layer_is_refused(text):
    with pytest.raises(InvalidParameterValue):
        parse_layer(text)


def test_a_function_may_have_five_layers_that_exist(developer, project):
    versions = [publish(developer, project, f"l{number}") for number in range(6)]
    arns = [version.arn for version in versions]

    def check(*chosen, **more):
        return services.check_layers(acting=developer, arns=list(chosen), **more)

    assert check(*arns[:5]) == arns[:5]
    with pytest.raises(InvalidParameterValue, match="Cannot reference more than 5 layers"):
        check(*arns)
    with pytest.raises(InvalidParameterValue, match="Two different versions of the same layer"):
        check(arns[0], publish(developer, project, "l0").arn)
    with pytest.raises(InvalidParameterValue, match="does not exist"):
        check(arns[0].replace(":l0:", ":none:"))
    services.delete_layer_version(acting=developer, version=versions[0])
    with pytest.raises(InvalidParameterValue, match="does not exist"):
        check(arns[0])
    assert check(arns[0], current=[arns[0]]) == [arns[0]]


def test_code_and_layers_have_250_mb_together(developer, project):
    arn = publish(developer, project).arn
    services.check_size([arn], UNPACKED - 5)
    with pytest.raises(InvalidParameterValue, match="combined with layers exceeds the maximum"):
        services.check_size([arn], UNPACKED - 4)
    services.check_size([], UNPACKED + 1)  # the package's own limit


def test_another_account_uses_what_is_shared_with_it(developer, project, stranger):
    version = publish(developer, project)
    services.may_use(developer, version)
    with pytest.raises(AccessDenied, match="lambda:GetLayerVersion"):
        services.check_layers(acting=stranger, arns=[version.arn])
    revision = share(developer, version, stranger.account).policy_revision
    version.refresh_from_db()
    assert services.check_layers(acting=stranger, arns=[version.arn]) == [version.arn]
    with pytest.raises(ResourceConflict):
        share(developer, version, "*")
    with pytest.raises(PreconditionFailed):
        share(developer, version, "*", "t", revision_id="x")
    with pytest.raises(ResourceNotFound):  # it may read it, and not share it on
        share(stranger, version, "*", "t")
    gone = {"acting": developer, "version": version, "sid": "s"}
    services.remove_layer_permission(**gone, revision_id=str(revision))
    with pytest.raises(ResourceNotFound):
        services.remove_layer_permission(**gone)
    version.refresh_from_db()
    with pytest.raises(AccessDenied):
        services.check_layers(acting=stranger, arns=[version.arn])


def test_a_function_runs_with_its_layers_whatever_becomes_of_them(developer, project, function):
    one, two = publish(developer, project, "one", b"1"), publish(developer, project, "two", b"2")
    Revision.objects.filter(pk=function.latest_id).update(layers=[one.arn, two.arn])
    packages = [one.artifact_id, two.artifact_id]

    def mounted():
        route = snapshots.route_by_id(function_id=function.pk, qualifier="")
        return route.choices[0][0].layers

    assert mounted() == (store().layers(packages),)
    assert joined_layers() == {store().layers(packages)}
    for version in (one, two):
        services.delete_layer_version(acting=developer, version=version)
    publish(developer, project, "one")
    assert services.forget_layers() == 0
    assert mounted() == (store().layers(packages),)
    Revision.objects.update(layers=[])
    assert mounted() == ()
    assert services.forget_layers() == 1
    assert str(LayerVersion.objects.get(deleted_at=None)) == "one:2"


def test_a_layers_package_is_kept(developer, project):
    version = publish(developer, project)
    Artifact.objects.update(created_at=timezone.now() - timedelta(days=9))
    assert code.discard_artifacts(now=timezone.now()) == []
    version.delete()
    assert code.discard_artifacts(now=timezone.now()) == [version.artifact_id]


def test_layers_are_a_setting_of_a_revision_and_of_the_draft(developer, project, function):
    arn = publish(developer, project).arn
    asked = deploys.request_update(acting=developer, function=function, settings={"layers": [arn]})
    assert asked.revision.layers == [arn]
    assert list(layer_versions([arn])) == [arn]
    function.draft.layers = [arn]
    function.draft.save()
    assert deploys.request_deploy(acting=developer, function=function).revision.layers == [arn]
