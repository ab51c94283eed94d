"""Webhooks, and what they are called among triggers."""

import django.db.models.deletion
import functions.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("functions", "0024_container_images"),
    ]

    operations = [
        migrations.AlterField(
            model_name="event",
            name="trigger",
            field=models.CharField(
                choices=[
                    ("test", "Test"),
                    ("api", "API"),
                    ("function_url", "Function URL"),
                    ("schedule", "Schedule"),
                    ("replay", "Replay"),
                    ("deploy", "Deploy check"),
                    ("destination", "Destination"),
                    ("event_rule", "Event rule"),
                    ("queue", "Queue"),
                    ("bucket", "Bucket"),
                    ("webhook", "Webhook"),
                ],
                max_length=24,
            ),
        ),
        migrations.AlterField(
            model_name="invocation",
            name="trigger",
            field=models.CharField(
                choices=[
                    ("test", "Test"),
                    ("api", "API"),
                    ("function_url", "Function URL"),
                    ("schedule", "Schedule"),
                    ("replay", "Replay"),
                    ("deploy", "Deploy check"),
                    ("destination", "Destination"),
                    ("event_rule", "Event rule"),
                    ("queue", "Queue"),
                    ("bucket", "Bucket"),
                    ("webhook", "Webhook"),
                ],
                max_length=24,
            ),
        ),
        migrations.AlterField(
            model_name="metricminute",
            name="trigger",
            field=models.CharField(
                choices=[
                    ("test", "Test"),
                    ("api", "API"),
                    ("function_url", "Function URL"),
                    ("schedule", "Schedule"),
                    ("replay", "Replay"),
                    ("deploy", "Deploy check"),
                    ("destination", "Destination"),
                    ("event_rule", "Event rule"),
                    ("queue", "Queue"),
                    ("bucket", "Bucket"),
                    ("webhook", "Webhook"),
                ],
                max_length=24,
            ),
        ),
        migrations.AlterField(
            model_name="metricspan",
            name="trigger",
            field=models.CharField(
                choices=[
                    ("test", "Test"),
                    ("api", "API"),
                    ("function_url", "Function URL"),
                    ("schedule", "Schedule"),
                    ("replay", "Replay"),
                    ("deploy", "Deploy check"),
                    ("destination", "Destination"),
                    ("event_rule", "Event rule"),
                    ("queue", "Queue"),
                    ("bucket", "Bucket"),
                    ("webhook", "Webhook"),
                ],
                max_length=24,
            ),
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=functions.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("qualifier", models.CharField(blank=True, default="live", max_length=128)),
                ("enabled", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("changed_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=64)),
                ("hook_id", models.CharField(max_length=32, unique=True)),
                (
                    "provider",
                    models.CharField(
                        choices=[
                            ("github", "GitHub"),
                            ("gitlab", "GitLab"),
                            ("stripe", "Stripe"),
                            ("slack", "Slack"),
                            ("standard", "Standard Webhooks"),
                            ("generic", "Another sender (HMAC-SHA256)"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "delivery",
                    models.CharField(
                        choices=[
                            ("event", "202 at once; the function is called behind it, with retries"),
                            ("wait", "What the function answers"),
                        ],
                        default="event",
                        max_length=8,
                    ),
                ),
                ("header", models.CharField(blank=True, max_length=64)),
                ("secret", models.BinaryField()),
                (
                    "created_by",
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="webhooks",
                        to="functions.function",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(fields=("function", "name"), name="webhook_name_once")
                ],
            },
        ),
    ]
