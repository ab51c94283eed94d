"""What all tests share: a home directory of their own, set before Django reads it, and the usual rows.
Each process of a parallel run has its own home; nothing is written to the installation's."""

import atexit
import os
import shutil
import tempfile

HOME = tempfile.mkdtemp(prefix="functory-tests-")
os.environ["FUNCTORY_HOME"] = HOME
# Here and not in pyproject.toml: pytest-django would load the settings before this file is read.
os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
atexit.register(shutil.rmtree, HOME, ignore_errors=True)

import django

django.setup()
# Workers of a parallel run inherit the environment: without the name they come here first as well.
del os.environ["DJANGO_SETTINGS_MODULE"]

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as examples

from functions.config import Config
from functions.snapshots import Principal
from functions.states import Role
from tests.support import rows

# No test is timed: a busy machine is no failure.
examples.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
examples.load_profile("untimed")
BOTH_DATABASES = ["default", "telemetry"]


def pytest_collection_modifyitems(items):
    """A test that asks for `databases` may use both of them."""
    for item in items:
        if "databases" in getattr(item, "fixturenames", ()) and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db(databases=BOTH_DATABASES))


@pytest.fixture(autouse=True)
def plain_passwords_and_files(settings):
    """Password hashes that cost nothing, and static files without a manifest."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def databases():
    """Both databases, rolled back after the test."""


@pytest.fixture
def config(settings) -> Config:
    """The configuration that Django runs with."""
    return settings.FUNCTORY


@pytest.fixture
def home() -> Path:
    """The session's FUNCTORY_HOME."""
    return Path(HOME)


@pytest.fixture
def now() -> datetime:
    """The present, aware, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def project(databases):
    """A project with an account number."""
    return rows.make_project()


@pytest.fixture
def user(project):
    """An administrator of the project."""
    return rows.make_user(project, "ada", Role.ADMINISTRATOR)


@pytest.fixture
def principal(project, user) -> Principal:
    """The administrator, acting."""
    return rows.principal_of(project, user, Role.ADMINISTRATOR)


@pytest.fixture
def viewer(project) -> Principal:
    """Someone who may only look."""
    return rows.principal_of(project, rows.make_user(project, "vera", Role.VIEWER), Role.VIEWER)


@pytest.fixture
def developer(project) -> Principal:
    """Someone who may edit and deploy."""
    return rows.principal_of(project, rows.make_user(project, "dev", Role.DEVELOPER), Role.DEVELOPER)


@pytest.fixture
def operator(project) -> Principal:
    """Someone who may pause and limit."""
    return rows.principal_of(project, rows.make_user(project, "olga", Role.OPERATOR), Role.OPERATOR)


@pytest.fixture
def draft(project):
    """A function that was never deployed, with its draft."""
    return rows.make_function(project, "sketch")


@pytest.fixture
def function(project):
    """A function `hello`, deployed: a revision that is $LATEST and version 1, with alias `live` on it."""
    return rows.deploy(rows.make_function(project, "hello"))


@pytest.fixture(scope="session")
def product():
    """The whole product, running, with members and their keys; shared by everything that only uses it."""
    from tests.support.product import Product
    from tests.support.stack import running_stack

    with running_stack() as stack:
        running = Product(stack)
        running.populate()
        yield running
