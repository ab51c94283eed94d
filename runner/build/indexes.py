"""Where packages come from: what the host's own pip and npm are configured to use, handed on to builders. No
index is named here; without configuration the tools use their own."""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

_PIP_SETTINGS = ("index-url", "extra-index-url", "trusted-host", "timeout", "default-timeout", "retries")
_NPM_SETTINGS = re.compile(r"^(registry|strict-ssl|always-auth|@[^:]+:registry|//.+)$")
_ADDRESS = re.compile(r"https?://[^\s\"']+")


@dataclass(frozen=True, slots=True)
class Indexes:
    """pip's settings as variables and npm's as lines of an npmrc. They may hold credentials: never logged."""

    pip: Mapping[str, str] = field(default_factory=dict, repr=False)
    npm: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def description(self) -> str:
        """What a dependency key is made from: where packages come from decides what they are."""
        return repr((sorted(self.pip.items()), sorted(self.npm.items())))

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that have to be reached beyond the tools' own defaults."""
        texts = " ".join((*self.pip.values(), *self.npm.values()))
        found = {urlsplit(address).hostname or "" for address in _ADDRESS.findall(texts)}
        return tuple(sorted(found - {""}))

    @property
    def npmrc(self) -> str:
        """npm's settings as a file."""
        return "".join(f"{name}={value}\n" for name, value in sorted(self.npm.items()))


def read_indexes(environ: Mapping[str, str] = os.environ, root: Path = Path("/")) -> Indexes:
    """The settings of this host: files first, then the environment, which wins."""
    home = root / environ.get("HOME", "/root").lstrip("/")
    pip: dict[str, str] = {}
    for path in (root / "etc/pip.conf", home / ".pip/pip.conf", home / ".config/pip/pip.conf"):
        pip.update(_pip_file(path))
    npm: dict[str, str] = {}
    for path in (root / "usr/etc/npmrc", root / "usr/local/etc/npmrc", root / "etc/npmrc", home / ".npmrc"):
        npm.update(_npm_file(path, environ))
    for name in _PIP_SETTINGS:
        variable = _pip_variable(name)
        if environ.get(variable):
            pip[variable] = environ[variable]
    for variable in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        if environ.get(variable):
            npm["registry"] = environ[variable]
    return Indexes(pip, npm)


def _pip_file(path: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(path.read_text())
    except (OSError, UnicodeDecodeError, configparser.Error):
        return {}
    sections = [name for name in ("global", "install") if parser.has_section(name)]
    found = {
        name: parser.get(section, name) for section in sections for name in _own(parser.options(section))
    }
    return {_pip_variable(name): " ".join(value.split()) for name, value in found.items()}


def _own(options: Iterable[str]) -> list[str]:
    return [name for name in options if name in _PIP_SETTINGS]


def _pip_variable(name: str) -> str:
    return "PIP_" + name.upper().replace("-", "_")


def _npm_file(path: Path, environ: Mapping[str, str]) -> dict[str, str]:
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = (part.strip() for part in line.partition("="))
        if _NPM_SETTINGS.match(name):
            expanded = re.sub(r"\$\{([^}]+)\}", lambda match: environ.get(match[1], match[0]), value)
            found[name] = expanded.strip("\"'")
    return found
