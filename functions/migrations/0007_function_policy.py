"""Resource policies; function URLs that anyone may call get the statement that says so, and go on answering."""

import django.db.models.deletion
from django.db import migrations, models

import functions.ids

# As functions.policies.public_url_statement had it when this was written.
PUBLIC = {
    "Sid": "FunctionURLAllowPublicAccess",
    "Effect": "Allow",
    "Principal": "*",
    "Action": "lambda:InvokeFunctionUrl",
    "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
}


def allow_public_urls(apps, schema_editor):
    if schema_editor.connection.alias != "default":
        return
    policies = apps.get_model("functions", "FunctionPolicy").objects
    for url in apps.get_model("functions", "FunctionUrl").objects.filter(auth="NONE"):
        policies.create(function_id=url.function_id, qualifier=url.qualifier, statements=[PUBLIC])


class Migration(migrations.Migration):
    dependencies = [
        ("functions", "0006_draft_starter"),
    ]

    operations = [
        migrations.CreateModel(
            name="FunctionPolicy",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=functions.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("qualifier", models.CharField(blank=True, default="", max_length=128)),
                ("statements", models.JSONField(default=list)),
                ("revision", models.UUIDField(default=functions.ids.new_id, editable=False)),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "function",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="policies",
                        to="functions.function",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("function", "qualifier"), name="policy_once_per_qualifier"
                    )
                ],
            },
        ),
        migrations.RunPython(allow_public_urls, migrations.RunPython.noop),
    ]
