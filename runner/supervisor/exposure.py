"""Whether the configured addresses may be listened on: loopback always, others only with a certificate or with
an explicit word. Pure."""

from __future__ import annotations

import os

from functions.config import Config
from runner.supervisor.errors import UpError


def check_exposure(config: Config) -> list[str]:
    """Warnings to be shown; raises UpError for what is refused."""
    for path in (config.tls_cert, config.tls_key):
        if path is not None and not os.access(path, os.R_OK):
            raise UpError(
                f"The certificate file {path} cannot be read (FUNCTORY_TLS_CERT, FUNCTORY_TLS_KEY)."
            )
    told = _unverified(config)
    addresses = {"FUNCTORY_CONSOLE": config.console, "FUNCTORY_GATEWAY": config.gateway}
    exposed = [f"{name}={address}" for name, address in addresses.items() if not address.is_loopback]
    if not exposed or config.tls_cert is not None:
        return told
    named = " and ".join(exposed)
    if config.insecure_bind:
        return [
            *told,
            f"{named}: passwords and access keys cross the network unencrypted (FUNCTORY_INSECURE_BIND=1).",
        ]
    raise UpError(
        f"{named} can be reached from other machines. Give a certificate (FUNCTORY_TLS_CERT and FUNCTORY_TLS_KEY), "
        "or set FUNCTORY_INSECURE_BIND=1 if something in front of Functory encrypts."
    )


def _unverified(config: Config) -> list[str]:
    """A certificate does not help here: whoever reaches the gateway is whoever they say."""
    if not config.unverified:
        return []
    if not config.gateway.is_loopback:
        raise UpError(
            "FUNCTORY_UNVERIFIED=1 lets whoever reaches the gateway do everything, and "
            f"FUNCTORY_GATEWAY={config.gateway} can be reached from other machines. Listen on 127.0.0.1, or leave "
            "FUNCTORY_UNVERIFIED away."
        )
    return [
        "Signatures are not verified (FUNCTORY_UNVERIFIED=1): every program on this machine may do everything."
    ]
