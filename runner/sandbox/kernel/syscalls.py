"""The system calls that Python 3.11 has no function for, as thin typed calls that raise OSError. Knows only
numbers and argument types; what they are used for is decided elsewhere."""

from __future__ import annotations

import ctypes
import os

AT_FDCWD = -100
AT_EMPTY_PATH = 0x1000
AT_RECURSIVE = 0x8000

CLONE_FS = 0x00000200
CLONE_NEWNS = 0x00020000
CLONE_NEWNET = 0x40000000

OPEN_TREE_CLONE = 1
OPEN_TREE_CLOEXEC = os.O_CLOEXEC
MOVE_MOUNT_F_EMPTY_PATH = 0x4
FSOPEN_CLOEXEC = 1
FSMOUNT_CLOEXEC = 1
FSCONFIG_SET_FLAG = 0
FSCONFIG_SET_STRING = 1
FSCONFIG_CMD_CREATE = 6

MOUNT_ATTR_RDONLY = 0x1
MOUNT_ATTR_NOSUID = 0x2
MOUNT_ATTR_NODEV = 0x4
MOUNT_ATTR_NOATIME = 0x10
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

# Calls added since Linux 5.1 have one number on every architecture.
_OPEN_TREE, _MOVE_MOUNT, _FSOPEN, _FSCONFIG, _FSMOUNT, _MOUNT_SETATTR = 428, 429, 430, 431, 432, 442


class _MountAttr(ctypes.Structure):
    _fields_ = [
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    ]


class Kernel:
    """The C library, loaded once by whoever needs it. Every call raises OSError with the kernel's number."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.syscall.restype = ctypes.c_long

    def unshare(self, flags: int) -> None:
        """unshare(2)."""
        self._check(self._libc.unshare(flags), "unshare")

    def setns(self, descriptor: int, kind: int) -> None:
        """setns(2): this thread joins the namespace that the descriptor stands for."""
        self._check(self._libc.setns(descriptor, kind), "setns")

    def umount_detached(self, target: str) -> None:
        """umount2(2) with MNT_DETACH: gone from view at once, freed with its last user."""
        self._check(self._libc.umount2(target.encode(), MNT_DETACH), "umount2")

    def open_tree(self, path: str) -> int:
        """A private, detached copy of the mount (and the mounts below it) at a path, as a descriptor."""
        flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE
        return self._call("open_tree", _OPEN_TREE, AT_FDCWD, path.encode(), flags)

    def mount_setattr(self, descriptor: int, attributes: int) -> None:
        """Set MOUNT_ATTR_* on a detached tree, recursively, and make it private."""
        attr = _MountAttr(attributes, 0, MS_PRIVATE, 0)
        flags = AT_EMPTY_PATH | AT_RECURSIVE
        size = ctypes.sizeof(attr)
        self._call("mount_setattr", _MOUNT_SETATTR, descriptor, b"", flags, ctypes.byref(attr), size)

    def move_mount(self, descriptor: int, target: str) -> None:
        """Attach a detached tree at a path of this thread's mount namespace."""
        self._call(
            "move_mount", _MOVE_MOUNT, descriptor, b"", AT_FDCWD, target.encode(), MOVE_MOUNT_F_EMPTY_PATH
        )

    def new_mount(self, kind: str, options: dict[str, str], flags: tuple[str, ...], attributes: int) -> int:
        """A detached mount of a new file system (fsopen, fsconfig, fsmount), as a descriptor."""
        context = self._call("fsopen", _FSOPEN, kind.encode(), FSOPEN_CLOEXEC)
        try:
            for name, text in options.items():
                self._configure(context, FSCONFIG_SET_STRING, name.encode(), text.encode())
            for name in flags:
                self._configure(context, FSCONFIG_SET_FLAG, name.encode(), None)
            self._configure(context, FSCONFIG_CMD_CREATE, None, None)
            return self._call("fsmount", _FSMOUNT, context, FSMOUNT_CLOEXEC, attributes)
        finally:
            os.close(context)

    def _configure(self, context: int, command: int, key: bytes | None, text: bytes | None) -> None:
        self._call("fsconfig", _FSCONFIG, context, command, key, text, 0)

    def _call(self, name: str, number: int, *arguments: object) -> int:
        converted = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
        return self._check(int(self._libc.syscall(ctypes.c_long(number), *converted)), name)

    @staticmethod
    def _check(result: int, name: str) -> int:
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, f"{name}: {os.strerror(number)}")
        return result
