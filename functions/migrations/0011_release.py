"""Gradual releases, and deploys that begin one."""

import django.db.models.deletion
import functions.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("functions", "0010_secret"),
    ]

    operations = [
        migrations.AddField(
            model_name="deployment",
            name="release_steps",
            field=models.JSONField(default=list),
        ),
        migrations.CreateModel(
            name="Release",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=functions.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("old_number", models.PositiveIntegerField()),
                ("new_number", models.PositiveIntegerField()),
                ("steps", models.JSONField(default=list)),
                ("step", models.PositiveSmallIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Under way"),
                            ("promoted", "Serves all calls"),
                            ("rolled_back", "Rolled back by itself"),
                            ("aborted", "Rolled back"),
                            ("superseded", "Overtaken"),
                        ],
                        default="running",
                        max_length=12,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=256)),
                ("error_points", models.FloatField()),
                ("p95_ratio", models.FloatField()),
                ("least_calls", models.PositiveIntegerField()),
                ("checks", models.JSONField(default=dict)),
                ("started_at", models.DateTimeField()),
                ("step_ends_at", models.DateTimeField()),
                ("check_at", models.DateTimeField(db_index=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "alias",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="releases",
                        to="functions.alias",
                    ),
                ),
                (
                    "function",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="releases",
                        to="functions.function",
                    ),
                ),
                (
                    "new",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="functions.version",
                    ),
                ),
                (
                    "old",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="functions.version",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="releases",
                        to="functions.project",
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["function", "-started_at"], name="release_by_function")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "running")),
                        fields=("alias",),
                        name="release_running_once",
                    )
                ],
            },
        ),
    ]
