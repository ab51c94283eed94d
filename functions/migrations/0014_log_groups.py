"""Log groups, their streams, and what programs put there."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("functions", "0013_layers"),
    ]

    operations = [
        migrations.CreateModel(
            name="LogGroup",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("project_id", models.UUIDField()),
                ("region", models.CharField(max_length=32)),
                ("name", models.CharField(max_length=512)),
                ("retention_days", models.PositiveIntegerField(blank=True, null=True)),
                ("tags", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("cleared_at", models.DateTimeField(blank=True, null=True)),
                ("dropped", models.BooleanField(default=False)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("project_id", "region", "name"), name="log_group_name_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LogStream",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=512)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("first_ms", models.BigIntegerField(blank=True, null=True)),
                ("last_ms", models.BigIntegerField(blank=True, null=True)),
                ("put_at", models.DateTimeField(blank=True, null=True)),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="streams",
                        to="functions.loggroup",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LogEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at_ms", models.BigIntegerField()),
                ("put_at", models.DateTimeField()),
                ("message", models.TextField()),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="functions.loggroup",
                    ),
                ),
                (
                    "stream",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="functions.logstream",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="logstream",
            constraint=models.UniqueConstraint(fields=("group", "name"), name="log_stream_name_once"),
        ),
        migrations.AddIndex(
            model_name="logevent",
            index=models.Index(fields=["group", "at_ms", "id"], name="log_event_by_group"),
        ),
        migrations.AddIndex(
            model_name="logevent",
            index=models.Index(fields=["stream", "at_ms", "id"], name="log_event_by_stream"),
        ),
    ]
