"""What projects and functions may cost in a month."""

import django.db.models.deletion
import functions.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("functions", "0016_event_rules"),
    ]

    operations = [
        migrations.CreateModel(
            name="Budget",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=functions.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("amount_pico", models.PositiveBigIntegerField()),
                ("is_hard", models.BooleanField(default=False)),
                ("month", models.DateField(null=True)),
                ("spent_pico", models.PositiveBigIntegerField(default=0)),
                ("announced", models.PositiveSmallIntegerField(default=0)),
                ("stopped_at", models.DateTimeField(null=True)),
                ("lifted_at", models.DateTimeField(null=True)),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "changed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "function",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="budgets",
                        to="functions.function",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="budgets",
                        to="functions.project",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("function", None)),
                        fields=("project",),
                        name="budget_of_project_once",
                    ),
                    models.UniqueConstraint(fields=("function",), name="budget_of_function_once"),
                    models.CheckConstraint(
                        condition=models.Q(("amount_pico__gt", 0)), name="budget_above_zero"
                    ),
                ],
            },
        ),
    ]
