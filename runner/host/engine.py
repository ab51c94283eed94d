"""Finds the local Docker engine, starts one if none runs, and stops it again if it was started here. Knows no
container."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from runner.host.errors import HostError
from runner.host.needs import find_program
from runner.host.remains import clear_remains

STANDARD_SOCKET = Path("/var/run/docker.sock")
START_S = 90
STOP_S = 30
_POLL_S = 0.1
_LOG_LINES = 15


@dataclass(frozen=True, slots=True)
class EnginePlace:
    """Where an engine listens and keeps its pids. `options` are dockerd's further ones."""

    socket: Path = STANDARD_SOCKET
    pid_file: Path = Path("/var/run/docker.pid")
    exec_root: Path = Path("/var/run/docker")
    options: tuple[str, ...] = ()

    @property
    def is_standard(self) -> bool:
        """Whether it is where a distribution's engine is."""
        return self.socket.resolve() == STANDARD_SOCKET.resolve()


class Engine:
    """An engine that answers. `stop` does something only if this process started it."""

    def __init__(
        self, place: EnginePlace, started: subprocess.Popen[bytes] | None, unit: bool = False
    ) -> None:
        self.place = place
        self._started = started
        self._unit = unit

    @property
    def was_started_here(self) -> bool:
        """Whether `stop` will end it."""
        return self._started is not None or self._unit

    def stop(self) -> None:
        """End what was started here, its containers with it; idempotent."""
        if self._unit:
            subprocess.run(["systemctl", "stop", "docker.service", "docker.socket"], check=False)
        if self._started is not None and self._started.poll() is None:
            self._started.terminate()
            try:
                self._started.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._started.kill()
                self._started.wait()
        self._started, self._unit = None, False


def answers(path: Path, timeout_s: float = 5) -> bool:
    """Whether an engine answers at the socket."""
    connection = http.client.HTTPConnection("docker", timeout=timeout_s)
    with contextlib.suppress(OSError, http.client.HTTPException), socket.socket(socket.AF_UNIX) as link:
        link.settimeout(timeout_s)
        link.connect(str(path))
        connection.sock = link
        connection.request("GET", "/_ping")
        return connection.getresponse().status == http.client.OK
    return False


def ensure_engine(place: EnginePlace, log: Path, *, has_systemd: bool) -> Engine:
    """An engine that answers; raises HostError with the end of its log, or with the reason."""
    if answers(place.socket):
        return Engine(place, None)
    if not place.is_standard and not place.options:
        raise HostError(
            f"No Docker engine answers at {place.socket}; start the one that you configured there."
        )
    if os.geteuid() != 0:
        raise HostError(
            f"No Docker engine answers at {place.socket}, and starting one needs root: sudo systemctl start docker\n"
            "(if it runs: your user may not use it; see `manage.py doctor`)."
        )
    if has_systemd and place.is_standard:
        return _start_unit(place)
    return _start_daemon(place, log)


def command(place: EnginePlace, *, tied: bool = True) -> list[str]:
    """dockerd on a socket only; `tied` tells it to end when this process does."""
    dockerd = find_program("dockerd")
    setpriv = find_program("setpriv")
    if dockerd is None:
        raise HostError("dockerd is not installed: apt-get install docker.io")
    prefix = [setpriv, "--pdeathsig", "TERM", "--"] if setpriv and tied else []
    where = [
        "-H",
        f"unix://{place.socket}",
        "--pidfile",
        str(place.pid_file),
        "--exec-root",
        str(place.exec_root),
    ]
    return [*prefix, dockerd, *where, *place.options]


def _start_unit(place: EnginePlace) -> Engine:
    print("Starting the Docker engine (systemctl start docker).", flush=True)
    started = subprocess.run(["systemctl", "start", "docker"], check=False, capture_output=True, text=True)
    if started.returncode != 0 or not _wait(place, None):
        raise HostError(f"The Docker engine does not start: journalctl -u docker\n{started.stderr.strip()}")
    return Engine(place, None, unit=True)


def _start_daemon(place: EnginePlace, log: Path) -> Engine:
    print(f"Starting the Docker engine (dockerd; its log is {log}).", flush=True)
    for note in clear_remains(place.pid_file, place.exec_root):
        print(f"  {note}", flush=True)
    prepare_cgroups()
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        daemon = subprocess.Popen(
            command(place),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=daemon_environment(),
            start_new_session=True,
        )
    engine = Engine(place, daemon)
    if not _wait(place, daemon):
        engine.stop()
        raise HostError(f"The Docker engine does not start:\n{explain(log)}")
    return engine


def daemon_environment() -> dict[str, str]:
    """dockerd looks for containerd, runc and iptables in the path, and some users' paths lack root's programs."""
    path = os.environ.get("PATH", "")
    return {**os.environ, "PATH": f"{path}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


def prepare_cgroups(mounts: Path = Path("/proc/mounts"), root: str = "/sys/fs/cgroup") -> None:
    """A machine without systemd may have mounted no control groups; the engine needs them."""
    if any(line.split()[2] in {"cgroup", "cgroup2"} for line in mounts.read_text().splitlines()):
        return
    print(f"  Mounting control groups on {root}.", flush=True)
    subprocess.run(["mount", "-t", "cgroup2", "none", root], check=False)


def explain(log: Path) -> str:
    """The end of the engine's log, and what helps against a known failure."""
    lines = log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
    text = "\n".join(lines)
    if "iptables" in text or "nf_tables" in text:
        text += (
            "\nIf the kernel has no nf_tables: update-alternatives --set iptables /usr/sbin/iptables-legacy"
        )
    return text


def _wait(place: EnginePlace, daemon: subprocess.Popen[bytes] | None) -> bool:
    """Whether it answers in time; a daemon that has ended will not."""
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if answers(place.socket):
            return True
        if daemon is not None and daemon.poll() is not None:
            return False
        time.sleep(_POLL_S)
    return False
