"""Django's registration of the runner, for its management commands."""

from django.apps import AppConfig


class RunnerConfig(AppConfig):
    """Execution."""

    name = "runner"
