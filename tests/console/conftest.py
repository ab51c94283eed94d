"""Clients that are logged in, and a function with telemetry."""

from __future__ import annotations

import pytest
from django.test import Client

from functions.models import User
from functions.states import Role
from tests.support import rows
from tests.support.seed import Seed


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def admin(user) -> Client:
    """An administrator's browser."""
    return client_of(user)


@pytest.fixture
def as_role(project):
    """A browser of somebody with another role."""

    def log_in(role: Role) -> Client:
        return client_of(rows.make_user(project, f"some-{role.value}", role))

    return log_in


@pytest.fixture
def stranger(databases) -> Client:
    """Somebody of another project."""
    other = rows.make_project("Other")
    return client_of(rows.make_user(other, "stranger", Role.ADMINISTRATOR))


@pytest.fixture
def seed(project, function) -> Seed:
    """Telemetry of the deployed function `hello`."""
    return Seed(project_id=project.id, function_id=function.id, name=function.name)
