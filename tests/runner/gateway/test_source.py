"""The catalog's source over real rows."""

from datetime import timedelta

from django.utils import timezone

from functions.models import AccessKey
from functions.services.keys import create_access_key
from runner.gateway.source import Queries
from tests.support import rows


def test_kinds_are_those_of_live_deployed_functions(project, function, draft):
    rows.deploy(rows.make_function(project, "other", network="none", runtime="nodejs24.x"))
    gone = rows.deploy(rows.make_function(project, "gone", network="open"))
    gone.deleted_at = timezone.now()
    gone.save()
    assert sorted(Queries.kinds()) == [("nodejs24.x", "none"), ("python3.13", "internet")]


def test_the_last_use_of_a_key_only_moves_on(project, user, principal):
    key, _ = create_access_key(acting=principal, project=project, user=user)
    now = timezone.now()
    for at in (now, now - timedelta(minutes=5)):
        Queries.note_uses({key.key_id: at, "AKIANONE": at})
    assert AccessKey.objects.get(pk=key.pk).last_used_at == now
