"""Django's registration of the console."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Pages and the control-plane API."""

    name = "console"
