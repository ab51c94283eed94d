"""A sandbox's /tmp: a sparse ext4 file without a name, attached by a loop device that frees itself. Nothing
of it remains when its last user is gone, however that happened. Knows no container."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner.sandbox.kernel.mounts import Mounter
from runner.sandbox.kernel.programs import find_program

_LOOP_CTL_GET_FREE, _LOOP_CONFIGURE = 0x4C82, 0x4C0A
_LO_FLAGS_AUTOCLEAR, _LO_FLAGS_DIRECT_IO = 4, 16
_LOOP_MAJOR = 7
_ATTEMPTS = 16
_BLOCK = 4096
# struct loop_config: fd, block size, struct loop_info64, eight reserved words (include/uapi/linux/loop.h).
_LOOP_INFO = struct.Struct("=5Q4I64s64s32s2Q")
_LOOP_CONFIG = struct.Struct(f"=2I{_LOOP_INFO.size}s8Q")


class ScratchError(RuntimeError):
    """No scratch file system of the wanted kind can be made; the message says why."""


class ScratchMaker:
    """Makes file systems for /tmp as detached mounts, on sparse files in a directory of the host's disk."""

    def __init__(self, directory: Path, mounter: Mounter) -> None:
        self._directory = directory
        self._mounter = mounter

    def make(self, size_mb: int, uid: int) -> int:
        """A detached ext4 mount of a size, owned by a user, mode 0700; raises ScratchError. About 15 ms."""
        try:
            with self._formatted(size_mb, uid) as backing, _loop_device(backing) as device:
                tree = self._mounter.ext4(device)
            _tidy(tree)
        except (OSError, subprocess.SubprocessError) as error:
            raise ScratchError(f"a scratch file system of {size_mb} MB cannot be made: {error}") from error
        return tree

    @contextmanager
    def _formatted(self, size_mb: int, uid: int) -> Iterator[int]:
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=self._directory) as backing:
            os.ftruncate(backing.fileno(), _file_mb(size_mb) * 1024 * 1024)
            _format(backing.fileno(), uid)
            yield backing.fileno()


def _file_mb(size_mb: int) -> int:
    """The file's size so that what was promised is free: tables take 2%, ext4 reserves 2% up to 16 MB."""
    return size_mb + size_mb // 40 + min(16, size_mb // 40) + 4


def _format(backing: int, uid: int) -> None:
    options = f"root_owner={uid}:{uid},lazy_itable_init=1,nodiscard"
    command = [_mke2fs(), "-q", "-F", "-t", "ext4", "-b", str(_BLOCK), "-I", "256", "-i", "16384", "-m", "0"]
    command += ["-O", "^has_journal,^resize_inode,^metadata_csum", "-E", options, f"/proc/self/fd/{backing}"]
    ran = subprocess.run(command, pass_fds=[backing], capture_output=True, text=True, check=False)
    if ran.returncode:
        raise ScratchError(f"mke2fs: {ran.stderr.strip()}")


def _mke2fs() -> str:
    found = find_program("mke2fs")
    if found is None:
        raise ScratchError("mke2fs (package e2fsprogs) is not installed")
    return found


def _tidy(tree: int) -> None:
    os.chmod(".", 0o700, dir_fd=tree)
    os.rmdir("lost+found", dir_fd=tree)


@contextmanager
def _loop_device(backing: int) -> Iterator[Path]:
    """A free loop device on the file; it detaches itself when the last user (a mount) closes it."""
    for _ in range(_ATTEMPTS):
        device = _free_device()
        descriptor = os.open(device, os.O_RDWR | os.O_CLOEXEC)
        try:
            if _configure(descriptor, backing):
                yield device
                return
        finally:
            os.close(descriptor)
    raise ScratchError("no free loop device")


def _free_device() -> Path:
    with open("/dev/loop-control", "rb") as control:  # noqa: PTH123 - a device, not a file to read
        number = fcntl.ioctl(control, _LOOP_CTL_GET_FREE)
    device = Path(f"/dev/loop{number}")
    if not device.exists():
        # Without devtmpfs (a chroot, a container) nobody makes the node.
        os.mknod(device, 0o600 | 0o060000, os.makedev(_LOOP_MAJOR, number))
    return device


def _configure(device: int, backing: int) -> bool:
    """Attach the file; False when another process took the device in between."""
    for flags in (_LO_FLAGS_AUTOCLEAR | _LO_FLAGS_DIRECT_IO, _LO_FLAGS_AUTOCLEAR):
        record = _LOOP_INFO.pack(0, 0, 0, 0, 0, 0, 0, 0, flags, b"functory", b"", b"", 0, 0)
        try:
            fcntl.ioctl(device, _LOOP_CONFIGURE, _LOOP_CONFIG.pack(backing, _BLOCK, record, *[0] * 8))
        except OSError as error:
            if error.errno == errno.EBUSY:
                return False
            if error.errno != errno.EINVAL or not flags & _LO_FLAGS_DIRECT_IO:
                raise
        else:
            return True
    return False
