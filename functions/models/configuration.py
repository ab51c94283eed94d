"""The settings that make up half of a revision; a draft holds the same ones while they are edited."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from functions.runtimes import IMAGE
from functions.states import EventCapture, NetworkMode


class Configuration(models.Model):
    """Abstract: limits as in Lambda (memory in MB, time-out in seconds, /tmp in MB). `environment` is an
    encrypted JSON object, see functions.encryption; `redact` lists field paths, see functions.redaction.
    `layers` are ARNs of layer versions, later ones over earlier ones at /opt.
    `aws_settings` keeps, by AWS's own member names, settings
    of the API that are stored and given back but change nothing here (TracingConfig, LoggingConfig).
    `image_uri` is set where the code is a container image (and the runtime is runtimes.IMAGE), `image_config` then
    has what overrides the image's own settings, by AWS's names, see functions.container_images."""

    runtime = models.CharField(max_length=32, default="python3.13")
    handler = models.CharField(max_length=128, blank=True)
    description = models.CharField(max_length=256, blank=True)
    memory_mb = models.PositiveIntegerField(default=128)
    timeout_s = models.PositiveIntegerField(default=3)
    ephemeral_mb = models.PositiveIntegerField(default=512)
    network = models.CharField(max_length=16, choices=NetworkMode.choices, default=NetworkMode.INTERNET)
    environment = models.BinaryField(default=b"")
    event_capture = models.CharField(max_length=8, choices=EventCapture.choices, default=EventCapture.RECENT)
    redact = models.JSONField(default=list, blank=True)

    layers = models.JSONField(default=list, blank=True)
    role = models.CharField(max_length=256, blank=True)
    architecture = models.CharField(max_length=16, default="x86_64")
    aws_settings = models.JSONField(default=dict, blank=True)
    image_uri = models.CharField(max_length=512, blank=True, default="")
    image_config = models.JSONField(default=dict, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(memory_mb__gte=128, memory_mb__lte=10240), name="%(class)s_memory_128_to_10240"
            ),
            models.CheckConstraint(
                condition=Q(timeout_s__gte=1, timeout_s__lte=900), name="%(class)s_timeout_1_to_900"
            ),
            models.CheckConstraint(
                condition=Q(ephemeral_mb__gte=512, ephemeral_mb__lte=10240),
                name="%(class)s_ephemeral_512_to_10240",
            ),
        ]

    @property
    def is_image(self) -> bool:
        """Whether the code is a container image, not files."""
        return self.runtime == IMAGE.identifier


CONFIGURATION_FIELDS = tuple(field.name for field in Configuration._meta.local_fields)
