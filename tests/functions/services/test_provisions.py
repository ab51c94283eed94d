"""Provisioned concurrency: asked for within limits, once for each version, and gone with its qualifier."""

import pytest

from functions.errors import (
    AccessDenied,
    InvalidParameterValue,
    ProvisionedConcurrencyNotFound,
    ResourceConflict,
    ResourceNotFound,
)
from functions.models import Function, ProvisionedConcurrency
from functions.queries.provisions import provisions
from functions.services import provisions as services
from functions.services import versions
from functions.services.functions import set_paused, set_reserved_concurrency
from tests.support import rows


def put(acting, function, qualifier="1", requested=2):
    return services.put_provision(acting=acting, function=function, qualifier=qualifier, requested=requested)


def asked():
    return [(one.qualifier, one.wanted) for one in provisions()]


def test_it_is_asked_for_changed_and_given_back(operator, developer, function, announced, audited):
    put(operator, function)
    put(operator, function, requested=3)
    assert asked() == [("1", 3)]
    assert services.provision_of(function, "1").requested == 3
    with pytest.raises(AccessDenied):
        put(developer, function)
    target = {"function": function, "qualifier": "1"}
    with pytest.raises(AccessDenied):
        services.delete_provision(acting=developer, **target)
    for _ in range(2):
        services.delete_provision(acting=operator, **target)
    with pytest.raises(ProvisionedConcurrencyNotFound):
        services.provision_of(function, "1")
    assert len(announced) == 3
    assert audited() == ["provision.put"] * 2 + ["provision.delete"]


@pytest.mark.parametrize("qualifier, error", [
    ("", InvalidParameterValue), ("$LATEST", InvalidParameterValue), ("9", ResourceNotFound), ("x", ResourceNotFound),
])  # fmt: skip
def test_what_cannot_be_provisioned(operator, function, qualifier, error):
    with pytest.raises(error):
        put(operator, function, qualifier)
    assert asked() == []


def test_a_version_is_provisioned_under_one_name(operator, developer, function):
    put(operator, function, "live")
    with pytest.raises(ResourceConflict, match="Version is pointed by"):
        put(operator, function, "1")
    versions.create_alias(acting=developer, function=function, name="beta", version="1")
    with pytest.raises(ResourceConflict, match="already Provisioned version"):
        put(operator, function, "beta")
    versions.create_alias(acting=developer, function=function, name="latest", version="$LATEST")
    with pytest.raises(InvalidParameterValue, match="unpublished"):
        put(operator, function, "latest")
    put(operator, function, "live", 4)
    assert asked() == [("live", 4)]


def test_function_and_account_have_limits(operator, project, function):
    set_reserved_concurrency(acting=operator, function=function, limit=5)
    put(operator, function, requested=5)
    with pytest.raises(InvalidParameterValue, match="should not be greater than the reserved"):
        put(operator, function, requested=6)
    other = rows.deploy(rows.make_function(project, "other"))
    put(operator, other, requested=895)
    with pytest.raises(InvalidParameterValue, match=r"below its minimum value of \[100\]"):
        put(operator, other, requested=896)


def test_it_goes_with_its_qualifier_and_pauses_with_its_function(operator, developer, function):
    put(operator, function, "live")
    set_paused(acting=operator, function=function, paused=True)
    assert asked() == []
    set_paused(acting=operator, function=function, paused=False)
    assert asked() == [("live", 2)]
    versions.delete_alias(acting=developer, alias=function.aliases.get())
    put(operator, function, "1")
    versions.delete_version(acting=developer, function=function, number=1)
    assert not ProvisionedConcurrency.objects.exists()
    Function.objects.update(reserved_concurrency=None)
