"""Every setting that comes from the environment, read once, typed and frozen. Standard library only: the
installer reads it before any dependency exists. Nothing else in Functory reads os.environ for settings."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


class ConfigError(ValueError):
    """A setting that cannot be used; the message names the variable and what it accepts."""


@dataclass(frozen=True, slots=True)
class Address:
    """A TCP address to listen on."""

    host: str
    port: int

    @classmethod
    def parse(cls, name: str, text: str) -> Address:
        """Parse `host:port`; raises ConfigError naming the variable."""
        host, _, port = text.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535:
            raise ConfigError(f"{name} must look like 127.0.0.1:8000, not {text!r}")
        return cls(host.strip("[]"), int(port))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the address."""
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Config:
    """What an installation is told from outside. Paths are absolute; sizes are MB where named so."""

    home: Path
    region: str
    console: Address
    gateway: Address
    console_public_url: str
    gateway_public_url: str
    base_domain: str
    database_url: str
    telemetry_database_url: str
    redis_url: str
    docker_socket: Path
    oci_runtime: str
    sandbox_memory_mb: int
    prewarm: int
    prewarm_most: int
    workers: int
    retention_days: int
    debug: bool
    insecure_bind: bool
    web_role: str
    tls_cert: Path | None = None
    tls_key: Path | None = None
    strict_roles: bool = False
    unverified: bool = False
    stand_in_runtimes: bool = False
    is_web: bool = False

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Config:
        """Read the FUNCTORY_* variables, DATABASE_URL, TELEMETRY_DATABASE_URL and REDIS_URL."""
        console = Address.parse("FUNCTORY_CONSOLE", environ.get("FUNCTORY_CONSOLE", "127.0.0.1:8000"))
        gateway = Address.parse("FUNCTORY_GATEWAY", environ.get("FUNCTORY_GATEWAY", "127.0.0.1:9000"))
        certificate, key = _certificate(environ)
        scheme = "https" if certificate else "http"
        return cls(
            home=Path(environ.get("FUNCTORY_HOME") or REPOSITORY / "var").resolve(),
            region=environ.get("FUNCTORY_REGION", "us-east-1"),
            console=console,
            gateway=gateway,
            console_public_url=environ.get("FUNCTORY_CONSOLE_URL", f"{scheme}://{console}"),
            gateway_public_url=environ.get("FUNCTORY_GATEWAY_URL", f"{scheme}://{gateway}"),
            base_domain=environ.get("FUNCTORY_BASE_DOMAIN", ""),
            database_url=environ.get("DATABASE_URL", ""),
            telemetry_database_url=environ.get("TELEMETRY_DATABASE_URL", ""),
            redis_url=environ.get("REDIS_URL", ""),
            docker_socket=Path(environ.get("FUNCTORY_DOCKER_SOCKET", "/var/run/docker.sock")),
            oci_runtime=environ.get("FUNCTORY_OCI_RUNTIME", ""),
            sandbox_memory_mb=_number(environ, "FUNCTORY_SANDBOX_MEMORY_MB", 0),
            prewarm=_number(environ, "FUNCTORY_PREWARM", 2),
            prewarm_most=_number(environ, "FUNCTORY_PREWARM_MOST", 10),
            workers=_number(environ, "FUNCTORY_WORKERS", 2),
            retention_days=_number(environ, "FUNCTORY_RETENTION_DAYS", 30),
            debug=environ.get("FUNCTORY_DEBUG", "") == "1",
            insecure_bind=environ.get("FUNCTORY_INSECURE_BIND", "") == "1",
            web_role=environ.get(
                "FUNCTORY_WEB_ROLE", "console"
            ),  # set by `manage.py web`, for its own children
            tls_cert=certificate,
            tls_key=key,
            strict_roles=environ.get("FUNCTORY_STRICT_ROLES", "") == "1",
            unverified=environ.get("FUNCTORY_UNVERIFIED", "") == "1",
            stand_in_runtimes=environ.get("FUNCTORY_STAND_IN_RUNTIMES", "") == "1",
            is_web="FUNCTORY_WEB_ROLE" in environ,
        )

    @property
    def instance(self) -> str:
        """Eight hex digits that tell this installation's containers, sockets and networks from others'."""
        return hashlib.sha256(str(self.home).encode()).hexdigest()[:8]

    @property
    def run(self) -> Path:
        """Sockets between the processes."""
        return self.home / "run"

    @property
    def keys(self) -> Path:
        """Key files: `django`, `master` (encryption at rest), `relay` (gateway and web trust each other)."""
        return self.home / "keys"

    @property
    def artifacts(self) -> Path:
        """Content-addressed code: `blobs/`, `trees/`, and dependency trees in `dependencies/`."""
        return self.home / "artifacts"

    @property
    def objects(self) -> Path:
        """The bytes of objects in buckets, files by id."""
        return self.home / "objects"

    @property
    def gateway_socket(self) -> Path:
        """Where web and workers reach the gateway's internal API."""
        return self.run / "gateway.sock"

    @property
    def web_socket(self) -> Path:
        """Where the gateway relays signed control-plane calls to web."""
        return self.run / "web.sock"

    @property
    def redis_socket(self) -> Path:
        """The embedded Redis server's socket, used when REDIS_URL is not set."""
        return self.run / "redis.sock"

    @property
    def redis_address(self) -> str:
        """The URL that every process connects to."""
        return self.redis_url or f"unix://{self.redis_socket}?db=0"

    @property
    def sandboxes(self) -> Path:
        """One directory per sandbox; short, since a unix socket's path is limited to 107 bytes. Only root may
        write to /run."""
        return Path("/run/functory") / self.instance if os.geteuid() == 0 else self.run / "s"


def _certificate(environ: Mapping[str, str]) -> tuple[Path | None, Path | None]:
    """Certificate and key, as PEM files; one without the other is a mistake."""
    certificate, key = environ.get("FUNCTORY_TLS_CERT", ""), environ.get("FUNCTORY_TLS_KEY", "")
    if bool(certificate) != bool(key):
        raise ConfigError("FUNCTORY_TLS_CERT and FUNCTORY_TLS_KEY must be set together")
    return (Path(certificate).resolve(), Path(key).resolve()) if certificate else (None, None)


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, "")
    if not text:
        return default
    if not text.isdigit():
        raise ConfigError(f"{name} must be a whole number, not {text!r}")
    return int(text)
