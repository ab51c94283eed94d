"""Control rows for tests, written past the services."""

from __future__ import annotations

import hashlib
import secrets

from functions.ids import new_id
from functions.models import (
    Alias,
    Artifact,
    Draft,
    DraftFile,
    Function,
    Membership,
    Project,
    Revision,
    User,
    Version,
)
from functions.models.configuration import CONFIGURATION_FIELDS
from functions.snapshots import Principal
from functions.states import LIVE_ALIAS, Role

CODE = b"def lambda_handler(event, context):\n    return event\n"


def make_project(name: str = "Default", account: str = "") -> Project:
    return Project.objects.create(name=name, account=account or f"{secrets.randbelow(10**12):012}")


def make_user(project: Project, name: str, role: Role) -> User:
    user = User.objects.create_user(username=name, password="correct horse battery")
    Membership.objects.create(project=project, user=user, role=role)
    return user


def principal_of(project: Project, user: User, role: Role) -> Principal:
    return Principal(
        kind="user",
        id=str(user.id),
        name=user.username,
        project_id=str(project.id),
        account=project.account,
        role=role,
        address="127.0.0.1",
    )


def make_function(project: Project, name: str, *, code: bytes = CODE, **configuration) -> Function:
    function = Function.objects.create(project=project, region="us-east-1", name=name)
    draft = Draft.objects.create(
        function=function,
        token=new_id(),
        **{"handler": "lambda_function.lambda_handler", **configuration},
    )
    DraftFile.objects.create(draft=draft, path="lambda_function.py", content=code)
    return function


def make_artifact(content: bytes = CODE) -> Artifact:
    sha256 = hashlib.sha256(content).hexdigest()
    sizes = {"size": len(content), "unpacked_size": len(content)}
    return Artifact.objects.get_or_create(sha256=sha256, defaults=sizes)[0]


def make_revision(function: Function, *, artifact: Artifact | None = None, **configuration) -> Revision:
    settings = {name: getattr(function.draft, name) for name in CONFIGURATION_FIELDS}
    return Revision.objects.create(
        function=function, artifact=artifact or make_artifact(), **{**settings, **configuration}
    )


def publish(function: Function, revision: Revision) -> Version:
    version = Version.objects.create(function=function, number=function.next_version, revision=revision)
    function.next_version += 1
    function.save()
    return version


def deploy(function: Function, **configuration) -> Function:
    """As a console deploy leaves it: a new revision, version and alias `live`."""
    revision = make_revision(function, **configuration)
    version = publish(function, revision)
    Alias.objects.update_or_create(function=function, name=LIVE_ALIAS, defaults={"version": version})
    function.latest = revision
    function.save()
    Draft.objects.filter(function=function).update(deployed_token=function.draft.token, wizard_step=0)
    return Function.objects.select_related("project", "latest", "draft").get(id=function.id)
