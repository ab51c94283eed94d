"""Which Python the virtual environment is made from, and the environment itself: installed from the locked
files, recognised by their hash so that the second run costs nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from runner.host.errors import HostError

SYSTEM = Path("/usr/bin/python3")
_CHECK = "import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))"
_VERSION = "import sys; sys.exit(sys.version_info < (3, 11))"
# Of the user's own settings for pip those that would install elsewhere than into the environment.
_MISPLACED = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV", "PIP_CONSTRAINT")
_SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


def choose_python(candidates: Sequence[Path] | None = None, *, for_others: bool | None = None) -> Path | None:
    """The first that can make an environment. As root, one that other users may run comes first: web does not
    run as root, and a Python below /root could not be started by it."""
    found = [path for path in candidates or (Path(sys.executable), SYSTEM) if _answers(path, _CHECK)]
    shared = os.geteuid() == 0 if for_others is None else for_others
    if shared:
        found.sort(key=lambda path: not open_to_all(path))
    return found[0] if found else None


def open_to_all(path: Path) -> bool:
    """Whether every user may reach the file, through all links."""
    resolved = path.resolve()
    return all(parent.stat().st_mode & 0o001 for parent in (resolved, *resolved.parents))


def ensure_venv(venv: Path, locks: Sequence[Path], marker_name: str) -> None:
    """Have the environment with exactly what the locked files name; raises HostError."""
    marker, wanted = venv / marker_name, digest(locks)
    if marker.is_file() and marker.read_text() == wanted and _answers(venv / "bin" / "python", "import pip"):
        return
    _make(venv)
    names = ", ".join(lock.name for lock in locks)
    print(f"Installing Functory's Python packages into {venv} (locked by hash in {names}).", flush=True)
    _install(venv, locks)
    marker.write_text(wanted)


def digest(locks: Sequence[Path]) -> str:
    """What an environment was made from."""
    return hashlib.sha256(b"\0".join(lock.read_bytes() for lock in locks)).hexdigest()


def pip_command(venv: Path, locks: Sequence[Path]) -> list[str]:
    """Only what the files name, and only with the contents they name."""
    files = [word for lock in locks for word in ("-r", str(lock))]
    quiet = ["-q", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    return [str(venv / "bin" / "python"), "-m", "pip", "install", *quiet, "--require-hashes", *files]


def pip_environment(
    environ: Mapping[str, str], configuration: str, bundle: Path = _SYSTEM_BUNDLE
) -> dict[str, str]:
    """The user's own settings hold (index, certificates, time-outs), but for those that install elsewhere. If
    none names certificates, the system's do: an older pip would use its own and fail behind a proxy."""
    kept = {name: value for name, value in environ.items() if name not in _MISPLACED}
    kept.pop("PYTHONPATH", None)
    kept.pop("PYTHONHOME", None)
    named = any(kept.get(name) for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
    if not named and ".cert=" not in configuration and bundle.is_file():
        kept["PIP_CERT"] = str(bundle)
    return kept


def _make(venv: Path) -> None:
    if _answers(venv / "bin" / "python", _VERSION) and _answers(venv / "bin" / "python", "import pip"):
        return
    python = choose_python()
    if python is None:
        raise HostError(
            "No Python of this machine can make a virtual environment: apt-get install python3-venv"
        )
    print(f"Making a virtual environment in {venv} with {python}.", flush=True)
    shutil.rmtree(venv, ignore_errors=True)
    made = subprocess.run([str(python), "-m", "venv", str(venv)], stdin=subprocess.DEVNULL, check=False)
    if made.returncode != 0:
        shutil.rmtree(venv, ignore_errors=True)
        raise HostError(f"{python} -m venv failed; its output is above.")


def _install(venv: Path, locks: Sequence[Path]) -> None:
    pip = str(venv / "bin" / "python")
    asked = subprocess.run([pip, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    environment = pip_environment(os.environ, asked.stdout)
    done = subprocess.run(pip_command(venv, locks), env=environment, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise HostError(
            "Installing the Python packages failed; pip's output is above. Nothing else was changed."
        )


def _answers(python: Path, question: str) -> bool:
    if not python.exists():
        return False
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [str(python), "-c", question]
    asked = subprocess.run(
        command, env=environment, capture_output=True, stdin=subprocess.DEVNULL, check=False
    )
    return asked.returncode == 0
