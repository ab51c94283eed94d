"""Roles and their policies, and the short-lived keys of those who took one on."""

import django.db.models.deletion
import django.db.models.functions.text
import functions.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("functions", "0011_release"),
    ]

    operations = [
        migrations.CreateModel(
            name="IamPolicy",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=functions.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=128)),
                ("path", models.CharField(default="/", max_length=512)),
                ("description", models.CharField(blank=True, max_length=1000)),
                ("document", models.TextField()),
                ("tags", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="iam_policies",
                        to="functions.project",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="IamRole",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=functions.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=64)),
                ("path", models.CharField(default="/", max_length=512)),
                ("description", models.CharField(blank=True, max_length=1000)),
                ("trust", models.TextField()),
                ("max_session_s", models.PositiveIntegerField(default=3600)),
                ("tags", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="iam_roles",
                        to="functions.project",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="IamAttachment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=functions.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("aws_policy", models.CharField(blank=True, max_length=128)),
                (
                    "policy",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
                        to="functions.iampolicy",
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attachments",
                        to="functions.iamrole",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="IamRolePolicy",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=functions.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=128)),
                ("document", models.TextField()),
                (
                    "role",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="policies",
                        to="functions.iamrole",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="IamSession",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=functions.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "rank",
                    models.CharField(
                        choices=[
                            ("viewer", "Viewer"),
                            ("developer", "Developer"),
                            ("operator", "Operator"),
                            ("administrator", "Administrator"),
                        ],
                        max_length=16,
                    ),
                ),
                ("role_name", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=64)),
                ("key_id", models.CharField(max_length=20, unique=True)),
                ("secret", models.BinaryField()),
                ("token_hash", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="iam_sessions",
                        to="functions.project",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="iam_sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddConstraint(
            model_name="iampolicy",
            constraint=models.UniqueConstraint(
                models.F("project"),
                django.db.models.functions.text.Lower("name"),
                name="iam_policy_name_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="iamrole",
            constraint=models.UniqueConstraint(
                models.F("project"), django.db.models.functions.text.Lower("name"), name="iam_role_name_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="iamattachment",
            constraint=models.UniqueConstraint(fields=("role", "policy"), name="iam_attachment_once"),
        ),
        migrations.AddConstraint(
            model_name="iamattachment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("aws_policy", ""), _negated=True),
                fields=("role", "aws_policy"),
                name="iam_aws_attachment_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="iamrolepolicy",
            constraint=models.UniqueConstraint(fields=("role", "name"), name="iam_role_policy_once"),
        ),
    ]
