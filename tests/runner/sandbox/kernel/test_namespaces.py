"""The thread comes home from wherever it went, also when home is a chroot."""

from __future__ import annotations

import ctypes
import os
import socket
import threading
from pathlib import Path

import pytest

from runner.sandbox.kernel.namespaces import NamespaceThread
from runner.sandbox.kernel.netns import listen_inside
from runner.sandbox.kernel.syscalls import CLONE_FS, CLONE_NEWNS, Kernel

MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18


def namespace(kind: str) -> str:
    return os.readlink(f"/proc/thread-self/ns/{kind}")


def test_work_is_done_inside_and_the_thread_comes_home(thread: NamespaceThread, pidfd: int) -> None:
    home = namespace("mnt"), namespace("net")
    assert thread.in_mounts(pidfd, lambda: namespace("mnt")).result() != home[0]
    assert thread.in_network(pidfd, lambda: namespace("net")).result() != home[1]
    assert thread.submit(lambda: (namespace("mnt"), namespace("net"))).result() == home
    assert thread.submit(os.getcwd).result() == os.getcwd()


def test_the_thread_comes_home_from_work_that_failed(thread: NamespaceThread, pidfd: int) -> None:
    with pytest.raises(ZeroDivisionError):
        thread.in_mounts(pidfd, lambda: 1 // 0).result()
    assert thread.submit(lambda: namespace("mnt")).result() == namespace("mnt")


def test_home_may_be_a_chroot(kernel: Kernel, pidfd: int, tmp_path: Path) -> None:
    seen: list[list[str]] = []

    def live_in_a_chroot() -> None:
        enter_chroot(kernel, tmp_path)
        thread = NamespaceThread(kernel)
        seen.append(thread.submit(lambda: sorted(os.listdir("/"))).result())
        seen.append(thread.in_mounts(pidfd, lambda: sorted(os.listdir("/"))).result())
        seen.append(thread.submit(lambda: sorted(os.listdir("/"))).result())
        seen.append(thread.submit(lambda: sorted(os.listdir("."))).result())
        thread.close()

    resident = threading.Thread(target=live_in_a_chroot)
    resident.start()
    resident.join()
    before, inside, after, directory = seen
    assert before == after == directory == ["proc"]
    assert "etc" in inside


def enter_chroot(kernel: Kernel, root: Path) -> None:
    """For the calling thread alone, in a mount namespace of its own that vanishes with it."""
    (root / "proc").mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    kernel.unshare(CLONE_FS | CLONE_NEWNS)
    assert libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) == 0
    assert libc.mount(b"/proc", bytes(root / "proc"), None, MS_BIND | MS_REC, None) == 0
    os.chroot(root)
    os.chdir("/")


def test_a_listener_belongs_to_the_inside(thread: NamespaceThread, pidfd: int) -> None:
    with listen_inside(thread, pidfd, 9001) as listener:
        port = listener.getsockname()[1]
        assert port == 9001
        with thread.in_network(pidfd, lambda: socket.create_connection(("127.0.0.1", port))).result():
            accepted, _ = listener.accept()
            accepted.close()


def test_a_port_that_is_taken_inside_is_refused(thread: NamespaceThread, pidfd: int) -> None:
    with listen_inside(thread, pidfd, 9001):
        with pytest.raises(OSError, match="in use"):
            listen_inside(thread, pidfd, 9001)
        with listen_inside(thread, pidfd, 9002):
            pass
