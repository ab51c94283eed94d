"""Attempts to become more than a sandbox: more rights, other processes, the host's devices and files."""

from __future__ import annotations

import errno

import pytest

from tests.support.probe import Probe, ProbeError

pytestmark = pytest.mark.docker

SYSCALL = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall({arguments}) < 0:
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
result = "done"
"""
# Numbers of x86_64; elsewhere they would mean other calls.
FORBIDDEN = {
    "mount": "165, b'none', b'/tmp', b'tmpfs', 0, None",
    "umount": "166, b'/var/task', 2",
    "remount of the code": "165, b'none', b'/var/task', None, 32 | 4096, None",
    "pivot_root": "155, b'/tmp', b'/tmp'",
    "chroot": "161, b'/tmp'",
    "unshare of users": "272, 0x10000000",
    "unshare of mounts": "272, 0x00020000",
    "setns": "308, 0, 0",
    "mknod": "133, b'/tmp/disk', 0o60666, 0x0700",
    "keyctl": "250, 0, -3, 0",
    "add_key": "248, b'user', b'x', b'y', 1, -4",
    "bpf": "321, 0, None, 0",
    "perf_event_open": "298, None, 0, -1, -1, 0",
    "init_module": "175, None, 0, b''",
    "kexec_load": "246, 0, 0, None, 0",
    "reboot": "169, 0xfee1dead, 672274793, 0x01234567, None",
    "swapon": "167, b'/tmp/x', 0",
    "open_by_handle_at": "304, 3, b'        ', 0",
    "settimeofday": "164, b'        ' * 2, None",
    "sethostname": "170, b'mine', 4",
    "setuid to root": "105, 0",
    "setgid to root": "106, 0",
    "open_tree": "428, -100, b'/', 1",
    "fsopen": "430, b'tmpfs', 0",
}


@pytest.fixture(autouse=True)
def x86_64(neighbour: Probe) -> None:
    if neighbour.ask("import platform; result = platform.machine()") != "x86_64":
        pytest.skip("the numbers of the calls are those of x86_64")


@pytest.mark.parametrize("call", FORBIDDEN)
def test_a_forbidden_call_is_refused(captive: Probe, call: str) -> None:
    with pytest.raises(ProbeError) as refused:
        captive.ask(SYSCALL.format(arguments=FORBIDDEN[call]))
    assert refused.value.errno in {errno.EPERM, errno.EACCES, errno.ENOSYS}


def test_an_allowed_call_is_done(captive: Probe) -> None:
    assert captive.ask(SYSCALL.format(arguments="39")) == "done"


def test_it_has_no_capability_and_cannot_gain_one(captive: Probe) -> None:
    status = dict(
        line.split(":\t", 1) for line in captive.ask("result = open('/proc/self/status').read()").splitlines()
    )
    assert {int(status[f"Cap{kind}"], 16) for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {0}
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"


def test_a_setuid_program_gives_nothing(captive: Probe) -> None:
    source = """
import glob, os, subprocess
found = [path for path in glob.glob('/usr/bin/*') if os.stat(path).st_mode & 0o4000]
result = [subprocess.run([path], capture_output=True).returncode for path in found if path.endswith('/su')]
result = (subprocess.getoutput('id -u'), 0 in result)
"""
    uid, became_root = captive.ask(source)
    assert int(uid) == captive.container.uid
    assert not became_root


def test_it_sees_no_process_but_its_own(captive: Probe, neighbour: Probe) -> None:
    source = """
import os
pids = [pid for pid in os.listdir('/proc') if pid.isdigit()]
result = [open(f'/proc/{pid}/status').read().split('Uid:')[1].split()[0] for pid in pids]
"""
    assert set(captive.ask(source)) == {str(captive.container.uid)}
    assert captive.container.uid != neighbour.container.uid


def test_killing_everybody_kills_nobody_else(captive: Probe) -> None:
    with pytest.raises(ProbeError) as nobody:
        captive.ask("import os; os.kill(-1, 9)")
    assert nobody.value.errno == errno.ESRCH
    captive.ask("import os; os.kill(1, 9)")
    assert captive.ask("result = open('/proc/1/comm').read()").startswith("functory-launch")


@pytest.mark.parametrize(
    "path", ["/dev/mem", "/dev/kmem", "/dev/sda", "/dev/vda", "/dev/loop0", "/dev/loop-control", "/dev/kvm"]
)
def test_no_device_of_the_host_is_there(captive: Probe, path: str) -> None:
    with pytest.raises(ProbeError) as refused:
        captive.ask(f"open({path!r}, 'rb')")
    assert refused.value.errno in {errno.ENOENT, errno.EACCES, errno.EPERM}
    assert captive.ask("result = len(open('/dev/urandom', 'rb').read(8))") == 8


@pytest.mark.parametrize(
    "path",
    [
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/hostname",
        "/proc/sys/vm/drop_caches",
        "/proc/sys/net/ipv4/ip_forward",
        "/proc/sysrq-trigger",
        "/sys/kernel/uevent_helper",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/pids/pids.max",
        "/sys/fs/cgroup/pids.max",
        "/sys/fs/cgroup/freezer/release_agent",
        "/sys/fs/cgroup/cgroup.procs",
    ],
)
def test_no_control_of_the_kernel_can_be_written(captive: Probe, path: str) -> None:
    with pytest.raises(ProbeError) as refused:
        captive.ask(f"f = open({path!r}, 'r+'); f.write('0'); f.flush()")
    assert refused.value.errno in {errno.EROFS, errno.EACCES, errno.ENOENT, errno.EPERM}


def test_it_cannot_hide_from_the_memory_killer(captive: Probe) -> None:
    assert int(captive.ask("result = open('/proc/self/oom_score_adj').read()")) == 500
    with pytest.raises(ProbeError) as refused:
        captive.ask("f = open('/proc/self/oom_score_adj', 'w'); f.write('-900'); f.flush()")
    assert refused.value.errno in {errno.EACCES, errno.EPERM}


@pytest.mark.parametrize(
    "path", ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware/dmi/tables/DMI"]
)
def test_secrets_of_the_kernel_are_masked(captive: Probe, path: str) -> None:
    source = f"""
try:
    result = len(open({path!r}, 'rb').read(100))
except OSError:
    result = 0
"""
    assert captive.ask(source) == 0


def test_raw_packets_are_refused_and_plain_ones_are_not(captive: Probe) -> None:
    with pytest.raises(ProbeError) as refused:
        captive.ask("import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)")
    assert refused.value.errno == errno.EPERM
    with pytest.raises(ProbeError) as refused:
        captive.ask("import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)")
    assert refused.value.errno == errno.EPERM
    assert captive.ask("import socket; socket.socket(); result = 'done'") == "done"
