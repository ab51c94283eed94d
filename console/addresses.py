"""Where functions are reached from outside. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from functions.config import Config


def url_address(config: Config, url_id: str) -> str:
    """A function URL: on a host of its own if there is a base domain, below the gateway otherwise."""
    if not config.base_domain:
        return f"{config.gateway_public_url}/url/{url_id}/"
    parts = urlsplit(config.gateway_public_url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{url_id}.{config.base_domain}{port}/"


def hook_address(config: Config, hook_id: str) -> str:
    """A webhook: always below the gateway, since no browser looks at its answers."""
    return f"{config.gateway_public_url}/hook/{hook_id}"
