"""The engine's container images as pages and the API need them: asked of the gateway, since web has no access to the
engine."""

from __future__ import annotations

from django.conf import settings

from functions.container_images import PinnedImage
from functions.errors import FunctoryError, InvalidParameterValue, ServiceUnavailable
from functions.models import Draft
from runner.client import GatewayClient, GatewayDown, GatewayRefused, LocalImage


def local() -> tuple[list[LocalImage], str]:
    """The images that are there, and why they are not known ("" if they are)."""
    try:
        with GatewayClient(settings.FUNCTORY) as client:
            return client.images(), ""
    except (GatewayDown, GatewayRefused) as error:
        return [], str(error)


def pin(uri: str) -> PinnedImage:
    """What a name means now. Raises InvalidParameterValue with field `image_uri` for an image that there is not,
    ServiceUnavailable when nobody can tell."""
    try:
        with GatewayClient(settings.FUNCTORY) as client:
            return client.pin_image(uri)
    except GatewayDown as error:
        raise ServiceUnavailable(str(error)) from error
    except GatewayRefused as error:
        raise _refusal(error) from error


def pin_of(draft: Draft) -> PinnedImage | None:
    """What a draft's image is now; None where its code is files, or no image was chosen yet. Raises as `pin`."""
    return pin(draft.image_uri) if draft.is_image and draft.image_uri else None


def _refusal(error: GatewayRefused) -> FunctoryError:
    kind = InvalidParameterValue if error.status == 400 else ServiceUnavailable
    return kind(error.message, field="image_uri")
