"""Attempts on files: the engine's socket, other sandboxes, the code, the image, and tricks with links."""

from __future__ import annotations

import errno

import pytest

from functions.config import Config
from tests.support.probe import Probe, ProbeError

pytestmark = pytest.mark.docker


@pytest.mark.parametrize(
    "path",
    [
        "/var/run/docker.sock",
        "/run/docker.sock",
        "/run/containerd/containerd.sock",
        "/run/functory/gateway.sock",
    ],
)
def test_no_socket_of_the_host_is_there(captive: Probe, path: str) -> None:
    with pytest.raises(ProbeError) as refused:
        captive.ask(f"import socket; socket.socket(socket.AF_UNIX).connect({path!r})")
    assert refused.value.errno == errno.ENOENT


def test_no_abstract_socket_of_the_host_is_seen(captive: Probe) -> None:
    listed = captive.ask("result = open('/proc/net/unix').read()")
    assert "@" not in listed
    assert "docker" not in listed


def test_its_own_run_directory_is_all_it_has(
    captive: Probe, neighbour: Probe, sandbox_config: Config
) -> None:
    assert sorted(captive.ask("import os; result = os.listdir('/run/functory')")) == ["go", "out", "s.sock"]
    for other in (neighbour.container.directory, sandbox_config.home, sandbox_config.sandboxes):
        assert captive.ask(f"import os; result = os.path.exists({str(other)!r})") is False


@pytest.mark.parametrize(
    "deed",
    [
        "os.unlink('/run/functory/s.sock')",
        "os.rename('/run/functory/s.sock', '/run/functory/t.sock')",
        "os.unlink('/run/functory/out')",
        "open('/run/functory/new', 'w')",
        "os.chmod('/run/functory/s.sock', 0o777)",
    ],
)
def test_its_run_directory_cannot_be_changed(captive: Probe, deed: str) -> None:
    with pytest.raises(ProbeError) as refused:
        captive.ask(f"import os; {deed}")
    assert refused.value.errno == errno.EROFS


@pytest.mark.parametrize(
    "deed",
    [
        "open('/var/task/handler.py', 'w')",
        "open('/var/task/new.py', 'w')",
        "os.unlink('/var/task/handler.py')",
        "os.rename('/var/task/handler.py', '/var/task/other.py')",
        "os.chmod('/var/task/handler.py', 0o777)",
        "os.utime('/var/task/handler.py')",
        "os.link('/var/task/handler.py', '/tmp/linked')",
        "os.link('/var/task/handler.py', '/var/task/linked')",
        "os.symlink('/etc/passwd', '/var/task/linked')",
        "os.truncate('/var/task/handler.py', 0)",
    ],
)
def test_its_code_cannot_be_changed(captive: Probe, deed: str) -> None:
    with pytest.raises(ProbeError) as refused:
        captive.ask(f"import os; {deed}")
    assert refused.value.errno in {errno.EROFS, errno.EXDEV, errno.EACCES, errno.EPERM}
    assert captive.ask("result = open('/var/task/handler.py').read()") == "answer = 42\n"


@pytest.mark.parametrize(
    "deed",
    [
        "open('/usr/bin/python3', 'r+b')",
        "open('/etc/passwd', 'a')",
        "os.rename('/var/task', '/var/other')",
        "os.rmdir('/opt')",
        "os.symlink('/tmp', '/var/link')",
        "os.mkdir('/new')",
        "open('/run/functory-launcher', 'r+b')",
        "open('/etc/resolv.conf', 'a')",
        "open('/etc/hosts', 'a')",
    ],
)
def test_its_image_cannot_be_changed(captive: Probe, deed: str) -> None:
    with pytest.raises(ProbeError) as refused:
        captive.ask(f"import os; {deed}")
    assert refused.value.errno in {errno.EROFS, errno.EACCES, errno.EPERM, errno.EBUSY, errno.ETXTBSY}


def test_links_lead_nowhere_outside(captive: Probe) -> None:
    source = """
import os
os.symlink('/proc/1/root/etc/shadow', '/tmp/shadow')
os.symlink('../' * 30 + 'root', '/tmp/up')
result = []
for path in ('/tmp/shadow', '/tmp/up/.ssh', '/proc/1/root/var/lib/docker', '/proc/self/cwd/../../../var/lib/docker'):
    try:
        os.stat(path) if path != '/tmp/shadow' else open(path)
        result.append(path)
    except OSError:
        pass
"""
    assert captive.ask(source) == []


def test_descriptors_of_the_launcher_lead_nowhere_outside(captive: Probe) -> None:
    source = """
import os
result = [os.readlink(f'/proc/{pid}/fd/{fd}') for pid in (1, os.getpid()) for fd in os.listdir(f'/proc/{pid}/fd')
          if os.path.exists(f'/proc/{pid}/fd/{fd}')]
"""
    allowed = ("/run/functory/out", "/dev/null", "socket:", "/proc/", "pipe:")
    assert [path for path in captive.ask(source) if not path.startswith(allowed)] == []


def test_a_device_or_setuid_file_in_tmp_has_no_effect(captive: Probe) -> None:
    options = captive.ask(
        "result = [line.split()[5] for line in open('/proc/self/mountinfo') if line.split()[4] == '/tmp']"
    )
    assert len(options) == 1
    assert {"nosuid", "nodev"} <= set(options[0].split(","))
    source = """
import os, shutil, subprocess
shutil.copy('/usr/bin/id', '/tmp/id'); os.chmod('/tmp/id', 0o6755)
result = subprocess.run(['/tmp/id', '-u'], capture_output=True, text=True).stdout.strip()
"""
    assert captive.ask(source) == str(captive.container.uid)
