"""Run as a program in a running installation's environment: state in bulk, past the services, as years of use leave
it. `functions COUNT LIKE...` copies deployed functions; `invocations COUNT LIKE` adds finished calls of one."""

from __future__ import annotations

import os
import sys

BATCH = 5000
AT_ONCE = 200_000


def functions(count: int, like: str) -> None:
    """Deployed functions that share a revision's configuration and code."""
    from functions.ids import new_id
    from functions.models import Function, Revision
    from functions.queues import announce_change

    original = Function.objects.get(name=like, deleted_at=None)
    revision = Revision.objects.get(pk=original.latest_id)
    made, revisions = [], []
    for number in range(count):
        made.append(copied(original, Function, pk=new_id(), name=f"{like}-{number}", latest=None))
        revisions.append(copied(revision, Revision, pk=new_id(), function=made[-1]))
    Function.objects.bulk_create(made, BATCH)
    Revision.objects.bulk_create(revisions, BATCH)
    for function, its in zip(made, revisions, strict=True):
        function.latest = its
    Function.objects.bulk_update(made, ["latest"], BATCH)
    for function in made:
        announce_change(function.pk)  # as a deploy does


def copied(row, model, **other):  # type: ignore[no-untyped-def]
    """The same fields in a new row."""
    fields = {field.attname: getattr(row, field.attname) for field in model._meta.concrete_fields}
    return model(
        **{
            **{
                name: value
                for name, value in fields.items()
                if name != "id" and f"{name}" not in replaced(other)
            },
            **other,
        }
    )


def replaced(other: dict[str, object]) -> set[str]:
    """Column names that the given fields stand for."""
    return {*other, *(f"{name}_id" for name in other)}


def invocations(count: int, like: str) -> None:
    """Finished calls, spread over a month, by the database itself (SQLite's): each statement copies what is there."""
    from django.db import connections

    from functions.models import Invocation

    original = Invocation.objects.filter(function_name=like).first()
    fresh = "lower(hex(randomblob(16)))"
    moment = "datetime(started_at, '-' || abs(random() % 2500000) || ' seconds')"
    made = {"id": fresh, "request_id": fresh, "accepted_at": moment, "started_at": moment}
    columns = [field.column for field in Invocation._meta.concrete_fields]
    values = ", ".join(made.get(column, column) for column in columns)
    copy = (
        f"insert into functions_invocation ({', '.join(columns)}) select {values} from functions_invocation"
    )
    with connections["telemetry"].cursor() as cursor:
        cursor.execute(f"{copy} where id = %s", [original.pk.hex])
        there = 1
        while there < count:
            many = min(there, count - there, AT_ONCE)
            cursor.execute(f"{copy} where function_name = %s limit %s", [like, many])
            there += many


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
    import django

    django.setup()
    for name in sys.argv[3:]:
        {"functions": functions, "invocations": invocations}[sys.argv[1]](int(sys.argv[2]), name)
