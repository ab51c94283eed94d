"""Django's registration of the domain."""

from django.apps import AppConfig


class FunctionsConfig(AppConfig):
    """The domain's models and migrations."""

    name = "functions"
    default_auto_field = "django.db.models.BigAutoField"
