"""What the kernel holds a process to, as /proc has it."""

import os

import pytest

from runner.sandbox.kernel.held import read_held

STATUS = """Name:\tpython3
Uid:\t60017\t60017\t60017\t60017
CapInh:\t0000000000000000
CapPrm:\t{caps}
CapEff:\t{caps}
CapBnd:\t0000000000000000
CapAmb:\t0000000000000000
NoNewPrivs:\t{nnp}
Seccomp:\t{seccomp}
"""
MOUNTS = """10 9 0:50 / / {root},relatime - overlay overlay rw,lowerdir=/a
11 10 0:51 / /proc rw,nosuid - proc proc rw
12 10 0:52 / /dev rw,nosuid - tmpfs tmpfs rw,size=64k
13 12 0:53 / /dev/shm rw,nosuid - tmpfs shm rw
14 10 8:1 /x /run/functory ro,relatime - ext4 /dev/sda1 rw
15 10 0:54 / /tmp rw,nosuid - tmpfs tmpfs rw,size=4k
16 10 7:1 / /tmp rw,nosuid,nodev - ext4 /dev/loop1 rw
17 10 8:1 /v /data {data},relatime - ext4 /dev/sda1 rw
18 10 0:55 / /whole rw,relatime - ext4 /dev/sdb1 ro
"""
DEVICES = "Inter-| Receive\n face |bytes\n{}"


@pytest.fixture
def proc(tmp_path):
    def write(*, caps="0000000000000000", nnp="1", seccomp="2", root="ro", data="ro", devices=("lo",)):
        place = tmp_path / "7"
        (place / "net").mkdir(parents=True)
        (place / "status").write_text(STATUS.format(caps=caps, nnp=nnp, seccomp=seccomp))
        (place / "mountinfo").write_text(MOUNTS.format(root=root, data=data))
        lines = "".join(f"{name:>6}: 0 0 0\n" for name in devices)
        (place / "net" / "dev").write_text(DEVICES.format(lines))
        return tmp_path

    return write


def test_what_holds(proc):
    held = read_held(7, proc())
    assert (held.uid, held.capabilities, held.interfaces) == (60017, 0, ("lo",))
    assert (held.no_new_privileges, held.seccomp, held.root_read_only) == (True, True, True)
    assert held.writable == ("/tmp",)


def test_what_does_not_hold_is_told(proc):
    held = read_held(
        7,
        proc(caps="0000000000200000", nnp="0", seccomp="0", root="rw", data="rw", devices=("eth0", "lo")),
    )
    assert (held.capabilities, held.interfaces) == (1 << 21, ("eth0", "lo"))
    assert (held.no_new_privileges, held.seccomp, held.root_read_only) == (False, False, False)
    assert held.writable == ("/", "/data", "/tmp")


def test_a_process_that_has_ended_is_an_error(proc):
    with pytest.raises(OSError, match="No such file"):
        read_held(8, proc())


def test_it_reads_a_real_one():
    assert read_held(os.getpid()).uid == os.geteuid()
