"""The catalog's source in an installation: the domain's queries. Imported by main alone."""

from __future__ import annotations

from functions.models import Revision
from functions.queries.provisions import provisions
from functions.queries.roles import role_snapshot
from functions.queries.sessions import key_by_id
from functions.queries.snapshots import hook_by_id, revision_snapshot, route, route_by_id, url_by_id
from functions.runtimes import IMAGE
from functions.services.keys import note_uses
from functions.services.refusals import store_refusals
from functions.services.unverified import believed_key


class Queries:
    """catalog.Source over the ORM."""

    route = staticmethod(route)
    route_by_id = staticmethod(route_by_id)
    url_by_id = staticmethod(url_by_id)
    hook_by_id = staticmethod(hook_by_id)
    access_key = staticmethod(key_by_id)
    revision_snapshot = staticmethod(revision_snapshot)
    role_snapshot = staticmethod(role_snapshot)
    provisions = staticmethod(provisions)
    note_uses = staticmethod(note_uses)
    store_refusals = staticmethod(store_refusals)

    @staticmethod
    def kinds() -> list[tuple[str, str]]:
        """Runtime and network of every deployed function, each pair once. Images of users wait while they are
        called, not for ever: each is of one function or two."""
        live = Revision.objects.filter(latest_of__deleted_at__isnull=True, latest_of__isnull=False)
        live = live.exclude(runtime=IMAGE.identifier)
        return list(live.order_by().values_list("runtime", "network").distinct())


class Believing(Queries):
    """The same with a key for every id, for where signatures are not verified."""

    access_key = staticmethod(believed_key)
