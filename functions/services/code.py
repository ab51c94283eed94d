"""Code that nothing refers to any more: the rows of packages and dependency trees, removed; the caller removes
the files."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import ProtectedError, QuerySet

from functions.models import Artifact, DependencyTree

# A package is taken in before anything refers to it; a tree may soon be wanted again.
PACKAGE_GRACE = timedelta(days=1)
TREE_GRACE = timedelta(days=7)
AT_ONCE = 200


def discard_artifacts(*, now: datetime) -> list[str]:
    """Packages without revision, draft and layer, a day old; gives the hashes whose files may go."""
    unused = Artifact.objects.filter(
        revisions=None, drafts=None, layer_versions=None, created_at__lt=now - PACKAGE_GRACE
    )
    return _delete(unused, Artifact)


def discard_dependencies(*, now: datetime) -> list[str]:
    """Trees without revision, not used for a week; gives the keys whose files may go."""
    unused = DependencyTree.objects.filter(revisions=None, last_used_at__lt=now - TREE_GRACE)
    return _delete(unused, DependencyTree)


def _delete(
    unused: QuerySet[Artifact] | QuerySet[DependencyTree], model: type[Artifact | DependencyTree]
) -> list[str]:
    gone: list[str] = []
    for key in list(unused.values_list("pk", flat=True)[:AT_ONCE]):
        try:
            with transaction.atomic():
                model.objects.filter(pk=key).delete()
        except ProtectedError:
            continue  # taken into use meanwhile
        gone.append(str(key))
    return gone
