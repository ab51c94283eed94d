from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("functions", "0023_alarm")]

    operations = [
        migrations.AddField("artifact", "image", models.JSONField(blank=True, default=dict)),
        *(
            migrations.AddField(model, name, field)
            for model in ("draft", "revision")
            for name, field in (
                ("image_config", models.JSONField(blank=True, default=dict)),
                ("image_uri", models.CharField(blank=True, default="", max_length=512)),
            )
        ),
    ]
