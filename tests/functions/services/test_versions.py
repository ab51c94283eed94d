"""Versions and aliases: numbers that are never used again, splits, and what is held by a trigger."""

import base64

import pytest

from functions.errors import (
    AccessDenied,
    InvalidParameterValue,
    PreconditionFailed,
    ResourceConflict,
    ResourceNotFound,
)
from functions.models import Alias, FunctionUrl, Schedule, Version
from functions.services import versions as services
from tests.support import rows


def again(function):
    """A second revision that is $LATEST but has no number yet."""
    function.latest = rows.make_revision(function, memory_mb=256)
    function.save()
    return function


def test_publishing_numbers_a_new_revision_once(developer, viewer, function, audited):
    with pytest.raises(AccessDenied):
        services.publish_version(acting=viewer, function=function)
    assert services.publish_version(acting=developer, function=function).number == 1
    assert audited() == []
    again(function)
    assert services.publish_version(acting=developer, function=function, description="two").number == 2
    assert services.publish_version(acting=developer, function=function).number == 2
    assert audited() == ["version.publish"]


def test_a_draft_has_nothing_to_publish(developer, draft):
    with pytest.raises(ResourceConflict):
        services.publish_version(acting=developer, function=draft)


def test_publishing_checks_what_was_expected(developer, function):
    again(function)
    with pytest.raises(PreconditionFailed):
        services.publish_version(acting=developer, function=function, revision_id="other")
    with pytest.raises(InvalidParameterValue):
        services.publish_version(acting=developer, function=function, code_sha256="0")
    version = services.publish_version(
        acting=developer,
        function=function,
        revision_id=str(function.latest_id),
        code_sha256=base64.b64encode(bytes.fromhex(function.latest.artifact_id)).decode(),
    )
    assert version.number == 2


def test_a_deleted_number_is_never_used_again(developer, function, announced):
    again(function)
    services.publish_version(acting=developer, function=function)
    services.delete_version(acting=developer, function=function, number=2)
    with pytest.raises(ResourceNotFound):
        services.version_numbered(function, 2)
    assert services.publish_version(acting=developer, function=function).number == 3
    assert {"function_id": str(function.pk)} in announced


def test_a_version_in_use_stays(developer, function):
    with pytest.raises(ResourceConflict):
        services.delete_version(acting=developer, function=function, number=1)
    second = services.publish_version(acting=developer, function=again(function))
    services.create_alias(
        acting=developer, function=function, name="beta", version="1", second=(str(second.number), 0.5)
    )
    with pytest.raises(ResourceConflict):
        services.delete_version(acting=developer, function=function, number=2)
    services.delete_alias(acting=developer, alias=Alias.objects.get(name="beta"))
    Schedule.objects.create(function=function, name="s", expression="rate(1 minute)", qualifier="2")
    with pytest.raises(ResourceConflict):
        services.delete_version(acting=developer, function=function, number=2)
    Schedule.objects.all().delete()
    services.delete_version(acting=developer, function=function, number=2)
    assert Version.objects.get().number == 1


def test_aliases_split_and_come_together(developer, function, announced):
    services.publish_version(acting=developer, function=again(function))
    alias = services.create_alias(
        acting=developer, function=function, name="beta", version="1", second=("2", 0.25)
    )
    assert (alias.second_version.number, alias.second_weight) == (2, 0.25)
    services.update_alias(acting=developer, alias=alias, description="kept split")
    assert Alias.objects.get(name="beta").second_weight == 0.25
    services.update_alias(acting=developer, alias=alias, version="2", keep_second=False)
    found = Alias.objects.get(name="beta")
    assert (found.version.number, found.second_version, found.description) == (2, None, "kept split")
    assert announced == [{"function_id": str(function.pk)}] * 3


@pytest.mark.parametrize(
    "version, second, refusal",
    [
        ("9", None, ResourceNotFound),
        ("x", None, InvalidParameterValue),
        ("99999999999999999999", None, ResourceNotFound),
        ("$LATEST", ("1", 0.1), InvalidParameterValue),
        ("1", ("$LATEST", 0.1), InvalidParameterValue),
        ("1", ("1", 0.1), InvalidParameterValue),
        ("1", ("2", 1.5), InvalidParameterValue),
        ("1", ("9", 0.5), ResourceNotFound),
    ],
)
def test_what_an_alias_cannot_point_at(developer, function, version, second, refusal):
    services.publish_version(acting=developer, function=again(function))
    with pytest.raises(refusal):
        services.create_alias(
            acting=developer, function=function, name="beta", version=version, second=second
        )
    assert not Alias.objects.filter(name="beta").exists()


def test_alias_names(developer, function):
    services.create_alias(acting=developer, function=function, name="beta", version="$LATEST")
    with pytest.raises(ResourceConflict):
        services.create_alias(acting=developer, function=function, name="beta", version="1")
    for name in ("1", "", "a b", "x" * 129):
        with pytest.raises(InvalidParameterValue):
            services.create_alias(acting=developer, function=function, name=name, version="1")


def test_an_alias_with_a_trigger_stays(developer, function):
    url = FunctionUrl.objects.create(function=function, url_id="u", qualifier="live")
    alias = function.aliases.get()
    with pytest.raises(ResourceConflict):
        services.delete_alias(acting=developer, alias=alias)
    url.delete()
    services.delete_alias(acting=developer, alias=alias)
    assert not function.aliases.exists()


def test_a_stale_alias_does_not_undo_a_move(developer, function):
    stale = function.aliases.get()
    second = services.publish_version(acting=developer, function=again(function))
    services.roll_back(acting=developer, function=function, number=second.number)
    services.update_alias(acting=developer, alias=stale, description="late")
    assert Alias.objects.get(name="live").version.number == 2


def test_rolling_back_moves_live_alone(developer, viewer, function, audited):
    services.publish_version(acting=developer, function=again(function))
    services.roll_back(acting=developer, function=function, number=2)
    with pytest.raises(AccessDenied):
        services.roll_back(acting=viewer, function=function, number=1)
    services.roll_back(acting=developer, function=function, number=1)
    function.refresh_from_db()
    assert Alias.objects.get(name="live").version.number == 1
    assert function.latest.memory_mb == 256
    assert audited()[-1] == "alias.update"
    with pytest.raises(ResourceNotFound):
        services.roll_back(acting=developer, function=function, number=7)
