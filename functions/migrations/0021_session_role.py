"""A short-lived key ends with the role that it was made for."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("functions", "0020_function_by_change"),
    ]

    operations = [
        migrations.AddField(
            model_name="iamsession",
            name="role",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sessions",
                to="functions.iamrole",
            ),
        ),
    ]
