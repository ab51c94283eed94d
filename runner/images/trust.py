"""Which certificates this host trusts, so that builds behind a TLS-inspecting proxy trust them too. Given to
build stages and builder sandboxes; never part of an image."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

# The variables by which people tell their tools; the first that names a file wins.
_VARIABLES = (
    "FUNCTORY_CA_BUNDLE",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "PIP_CERT",
    "NODE_EXTRA_CA_CERTS",
)
# Debian and Ubuntu; Fedora and its kin; openSUSE.
_SYSTEM = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
)
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def host_ca_bundle(environ: Mapping[str, str] = os.environ, system: tuple[str, ...] = _SYSTEM) -> Path | None:
    """The file of trusted certificates that this host's programs use, or None where there is none."""
    named = [environ[name] for name in _VARIABLES if environ.get(name)]
    for candidate in (*named, *system):
        path = Path(candidate)
        if path.is_file() and path.stat().st_size:
            return path
    return None


def trust_environment(path_inside: str) -> dict[str, str]:
    """Variables that make pip, npm, curl, git and the languages' clients use the bundle at `path_inside`."""
    names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "GIT_SSL_CAINFO")
    return dict.fromkeys((*names, "NODE_EXTRA_CA_CERTS", "npm_config_cafile"), path_inside)


def proxy_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The host's proxies; the engine knows these as build arguments and keeps them out of the history."""
    return {name: environ[name] for name in _PROXIES if environ.get(name)}
