"""A process in namespaces of its own, standing in for a container: the kernel does not know the difference."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

from runner.sandbox.kernel.mounts import Mounter
from runner.sandbox.kernel.namespaces import NamespaceThread
from runner.sandbox.kernel.privileges import find_privileges
from runner.sandbox.kernel.syscalls import Kernel


@pytest.fixture
def kernel() -> Kernel:
    kernel = Kernel()
    privileges = find_privileges(kernel)
    if not privileges.granted:
        pytest.skip(privileges.reason)
    return kernel


@pytest.fixture
def thread(kernel: Kernel) -> Iterator[NamespaceThread]:
    thread = NamespaceThread(kernel)
    yield thread
    thread.close()


@pytest.fixture
def mounter(kernel: Kernel, thread: NamespaceThread) -> Mounter:
    return Mounter(kernel, thread)


@pytest.fixture
def inmate(kernel: Kernel) -> Iterator[subprocess.Popen[str]]:
    """Running, with mount and network namespaces of its own."""
    command = ["unshare", "--mount", "--net", "sh", "-c", "echo ready; exec sleep 300"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


@pytest.fixture
def pidfd(inmate: subprocess.Popen[str]) -> Iterator[int]:
    descriptor = os.pidfd_open(inmate.pid)
    yield descriptor
    os.close(descriptor)
