"""Owners and modes below the home; refusals of exposed addresses; the lock."""

import os
import stat
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from functions.config import Address, Config, ConfigError
from runner.supervisor.accounts import Account, as_account, check_readable
from runner.supervisor.errors import UpError
from runner.supervisor.exposure import check_exposure
from runner.supervisor.home import TABLE, prepare_home
from runner.supervisor.lock import HomeLock
from runner.supervisor.main import check_free
from tests.support.waiting import wait_until

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="gives files to other users")
NOBODY = Account(65534, 65534)


@pytest.fixture
def config(tmp_path):
    return Config.from_environ({"FUNCTORY_HOME": str(tmp_path / "home")})


def owner_and_mode(path):
    status = path.lstat()
    return status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)


@root_only
def test_the_table_holds_after_it_was_applied(config):
    prepare_home(config, NOBODY)
    for entry in TABLE:
        if entry.if_exists:
            continue
        uid = NOBODY.uid if entry.owned else 0
        assert owner_and_mode(config.home / entry.path) == (uid, NOBODY.gid, entry.mode), entry.path


@root_only
def test_what_has_other_owners_is_put_right(config):
    prepare_home(config, NOBODY)
    (config.home / "redis" / "appendonlydir").mkdir()
    (config.home / "control.sqlite3").chmod(0o600)
    prepare_home(config, NOBODY)
    assert owner_and_mode(config.home / "redis" / "appendonlydir")[0] == NOBODY.uid
    assert owner_and_mode(config.home / "control.sqlite3")[2] == 0o660


@root_only
def test_a_link_that_the_account_put_there_is_not_followed(config, tmp_path):
    prepare_home(config, NOBODY)
    victim = tmp_path / "victim"
    victim.write_text("root's")
    (config.home / "control.sqlite3").unlink()
    (config.home / "control.sqlite3").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic links"):
        prepare_home(config, NOBODY)
    assert victim.stat().st_uid == 0


@root_only
def test_the_account_cannot_replace_what_root_runs(config):
    prepare_home(config, NOBODY)
    config.home.parent.chmod(0o755)
    launcher = config.home / "bin" / "launcher"
    launcher.write_text("root's")
    for attempt in (
        f"echo x > {launcher}",
        f"mv {launcher.parent} {launcher.parent}.old",
        f"echo x > {config.keys}/relay",
    ):
        tried = subprocess.run(
            [*as_account(NOBODY), "/bin/sh", "-c", attempt], capture_output=True, check=False
        )
        assert tried.returncode != 0, attempt


def test_without_an_account_the_home_is_ones_own(config):
    prepare_home(config, Account(reason="not root"))
    assert owner_and_mode(config.home)[0] == os.geteuid()
    assert (config.keys / "relay").exists()


def test_postgresql_makes_no_sqlite_files(config):
    prepare_home(
        replace(config, database_url="postgresql://x", telemetry_database_url="postgresql://x"), Account()
    )
    assert not list(config.home.glob("*.sqlite3"))


def test_loopback_needs_no_word(config):
    assert check_exposure(config) == []


def test_another_address_is_refused_by_name(config):
    with pytest.raises(UpError, match=r"FUNCTORY_CONSOLE=0\.0\.0\.0:8000 .*FUNCTORY_TLS_CERT"):
        check_exposure(replace(config, console=Address("0.0.0.0", 8000)))


def test_an_explicit_word_allows_it_with_a_warning(config):
    exposed = replace(config, gateway=Address("0.0.0.0", 9000), insecure_bind=True)
    assert check_exposure(exposed) == [
        "FUNCTORY_GATEWAY=0.0.0.0:9000: passwords and access keys cross the network unencrypted "
        "(FUNCTORY_INSECURE_BIND=1)."
    ]


def test_signatures_are_left_unverified_on_this_machine_alone(config, tmp_path):
    unverified = replace(config, unverified=True)
    assert "every program on this machine" in check_exposure(unverified)[0]
    pem = tmp_path / "pem"
    pem.touch()
    exposed = replace(
        unverified, gateway=Address("0.0.0.0", 9000), insecure_bind=True, tls_cert=pem, tls_key=pem
    )
    with pytest.raises(UpError, match="lets whoever reaches the gateway do everything"):
        check_exposure(exposed)


def test_a_certificate_allows_it(config, tmp_path):
    pem = tmp_path / "pem"
    exposed = replace(config, console=Address("0.0.0.0", 8000), tls_cert=pem, tls_key=pem)
    with pytest.raises(UpError, match="cannot be read"):
        check_exposure(exposed)
    pem.touch()
    assert check_exposure(exposed) == []


@root_only
def test_a_key_that_the_account_cannot_read_is_named(tmp_path):
    # Parallel workers have one folder more above theirs: all of them let others through, up to /tmp itself.
    for folder in (tmp_path, *tmp_path.parents):
        if folder == Path(tempfile.gettempdir()):
            break
        folder.chmod(0o755)
    key = tmp_path / "key.pem"
    key.touch(mode=0o600)
    with pytest.raises(UpError, match=r"may not read .*key\.pem"):
        check_readable(NOBODY, key)
    key.chmod(0o644)
    check_readable(NOBODY, key)
    check_readable(Account(), tmp_path / "absent")
    check_readable(NOBODY, None)


def test_certificate_and_key_belong_together(tmp_path):
    with pytest.raises(ConfigError, match="set together"):
        Config.from_environ({"FUNCTORY_TLS_CERT": "/c.pem"})
    both = Config.from_environ({"FUNCTORY_TLS_CERT": "/c.pem", "FUNCTORY_TLS_KEY": "/k.pem"})
    assert both.tls_key == Path("/k.pem")
    assert both.console_public_url.startswith("https:")


def test_a_port_that_is_taken_is_named(config):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        with pytest.raises(UpError, match="cannot be listened on"):
            check_free(Address("127.0.0.1", taken.getsockname()[1]))
    check_free(Address("127.0.0.1", 0))


def test_a_second_start_is_refused_at_once(tmp_path):
    first = HomeLock(tmp_path / "up.lock", print)
    with pytest.raises(UpError, match=f"already runs on .* \\(pid {os.getpid()}\\)"):
        HomeLock(tmp_path / "up.lock", print)
    first.release()
    HomeLock(tmp_path / "up.lock", print).release()


def test_a_killed_runs_children_are_waited_for(tmp_path):
    said = []
    child = _child_of_a_dead_supervisor(tmp_path / "up.lock")

    def say(text):
        said.append(text)
        child.stdin.close()  # and so the child ends

    HomeLock(tmp_path / "up.lock", say).release()
    assert "still ending" in said[0]
    child.wait()


def test_children_that_do_not_end_are_not_waited_for_for_ever(tmp_path):
    child = _child_of_a_dead_supervisor(tmp_path / "up.lock")
    with pytest.raises(UpError, match="already runs"):
        HomeLock(tmp_path / "up.lock", lambda _: None, wait_s=0)
    child.stdin.close()
    child.wait()


def _child_of_a_dead_supervisor(path):
    """Holds the lock that a process took whose pid is in the file and which is gone."""
    gone = subprocess.Popen([sys.executable, "-S", "-c", ""])
    gone.wait()
    lock = HomeLock(path, print)
    path.write_text(f"{gone.pid}\n")
    script = "import sys; print('up', flush=True); sys.stdin.read()"
    child = subprocess.Popen(
        [sys.executable, "-S", "-c", script],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=(lock.descriptor,),
    )  # fmt: skip
    child.stdout.readline()
    lock.release()
    wait_until(lambda: not Path(f"/proc/{gone.pid}").exists())
    return child
