"""Installs a plan's dependencies into the code store, once: a builder container fills a workspace, and what it
made becomes a read-only tree owned by root, in one step. Knows no database."""

from __future__ import annotations

import os
import shutil
import stat
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

import docker

from functions.artifacts import Store, seal
from functions.config import Config
from functions.limits import MB, UNPACKED
from runner.build import container
from runner.build.blame import cause
from runner.build.indexes import Indexes
from runner.build.plan import SOURCE, TEMPORARY, BuildPlan, Reader
from runner.build.workspaces import alone, cache, workspace
from runner.images.trust import host_ca_bundle, proxy_environment, trust_environment

CERTIFICATES = "/etc/functory-ca.crt"
NPMRC = "/build/npmrc"
WAITING = "Another deployment is installing the same dependencies; waiting for it."
_LINES_KEPT = 200


class BuildFailed(RuntimeError):
    """The dependencies cannot be installed; the message is for the person who deployed."""


class Builder:
    """Installs into `store`. `network` gives the engine's network for builders, asked for at each build."""

    def __init__(
        self,
        config: Config,
        client: docker.DockerClient,
        store: Store,
        indexes: Indexes,
        network: Callable[[], str],
    ) -> None:
        self._instance = config.instance
        self._client = client
        self._store = store
        self._indexes = indexes
        self._network = network

    def install(
        self, plan: BuildPlan, package: Path, on_line: Callable[[str], None], *, owner: str = ""
    ) -> int:
        """Have the tree of `plan.key`; returns its size in bytes. `package` is the unpacked code; `owner` is whose
        cache the tools may use. Of several who want the same tree one installs and the others wait. Raises
        BuildFailed, BuilderDown."""
        tree = self._store.dependencies(plan.key)
        with alone(self._store, plan.key, lambda: on_line(WAITING)):
            if not tree.exists():
                with workspace(self._store, plan.key) as folder:
                    with cache(self._store, owner if plan.cache else "", plan.tool) as kept:
                        self._run(plan, package, folder, kept, on_line)
                    self._keep(plan, folder, tree)
        return apparent_size(tree)

    def _run(
        self,
        plan: BuildPlan,
        package: Path,
        folder: Path,
        kept: Path | None,
        on_line: Callable[[str], None],
    ) -> None:
        self._lay_out(plan, package, folder)
        if kept is not None and os.geteuid() == 0:
            os.chown(kept, container.builder_uid(), container.builder_uid())
        said: deque[str] = deque(maxlen=_LINES_KEPT)

        def listen(line: str) -> None:
            said.append(line)
            on_line(line)

        errand = replace(self._errand(plan, package, folder), cache=kept)
        outcome = container.run(self._client, errand, listen)
        if outcome.stopped:
            raise BuildFailed(outcome.stopped)
        if outcome.exit_code != 0:
            raise BuildFailed(cause(plan.tool, list(said)))

    def _lay_out(self, plan: BuildPlan, package: Path, folder: Path) -> None:
        """The workspace itself stays root's, so that a build cannot put a link in the place of its output."""
        _write(folder / "npmrc", self._indexes.npmrc.encode())
        output, temporary = folder / "out", folder / "tmp"
        if plan.tool == "npm" and plan.whole_package:
            shutil.copytree(package, output, symlinks=True, ignore=shutil.ignore_patterns("node_modules"))
            output.chmod(0o755)
        else:
            output.mkdir()
        temporary.mkdir()
        (folder / "cache").mkdir()  # where a cache is mounted, if there is one
        if plan.tool == "npm":
            for name, content in plan.manifests.items():
                _write(output / name, content)
        for given in (output, temporary):
            _give(given, container.builder_uid())

    def _errand(self, plan: BuildPlan, package: Path, folder: Path) -> container.Errand:
        mounts = {package: SOURCE}
        environment = {
            **proxy_environment(),
            **self._indexes.pip,
            "HOME": TEMPORARY,
            "TMPDIR": TEMPORARY,
            "npm_config_cache": f"{TEMPORARY}/npm",
            "npm_config_userconfig": NPMRC,
        }
        bundle = host_ca_bundle()
        if bundle is not None:
            mounts[bundle.resolve()] = CERTIFICATES
            environment |= trust_environment(CERTIFICATES)
        return container.Errand(
            instance=self._instance,
            key=plan.key,
            image=plan.image,
            command=plan.command,
            folder=plan.folder,
            workspace=folder,
            network=self._network(),
            mounts=mounts,
            environment=environment,
        )

    def _keep(self, plan: BuildPlan, folder: Path, tree: Path) -> None:
        """Judge what a stranger's installation scripts have left, and make it ours. The builder is gone."""
        made = _folder(folder / "out")
        if plan.result:
            kept = folder / "kept"
            kept.mkdir()
            if os.path.lexists(made / plan.result):  # packages that need nothing leave no folder
                _folder(made / plan.result).rename(kept / plan.result)
            made = kept
        size = apparent_size(made)
        if size > UNPACKED:
            raise BuildFailed(too_large(size))
        _refuse_special_files(made)
        _give(made, os.geteuid())
        seal(made)
        os.sync()  # a tree that has its name is whole, also after a power cut
        made.chmod(0o755)  # without root's rights, a folder that moves must be writable
        made.rename(tree)
        tree.chmod(0o555)


def too_large(size: int) -> str:
    """What to tell when code and dependencies are over the limit together."""
    return f"Code and dependencies take {size / MB:.0f} MB unpacked; at most {UNPACKED // MB} MB are allowed."


def reader(package: Path) -> Reader:
    """Reads files of an unpacked package for a plan; what lies elsewhere is not there."""

    def read(path: str) -> bytes | None:
        parts = PurePosixPath(path).parts
        if ".." in parts or path.startswith("/"):
            return None
        try:
            return package.joinpath(*parts).read_bytes()
        except OSError:
            return None

    return read


def names(package: Path) -> Callable[[], list[str]]:
    """Lists the files of an unpacked package, for plans that look at all of them."""

    def found() -> list[str]:
        return [
            Path(directory, name).relative_to(package).as_posix()
            for directory, _, files in os.walk(package)
            for name in files
        ]

    return found


def apparent_size(tree: Path) -> int:
    """Bytes of all files below, links not followed."""
    return sum(
        status.st_size
        for directory, _, names in os.walk(tree)
        for name in names
        if stat.S_ISREG((status := Path(directory, name).lstat()).st_mode)
    )


def _folder(path: Path) -> Path:
    """The path, if it is a folder and no link to one elsewhere; raises BuildFailed."""
    if not stat.S_ISDIR(path.lstat().st_mode):
        raise BuildFailed(f"{path.name}: a package put something else in the place of this folder.")
    return path


def _write(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def _give(tree: Path, owner: int) -> None:
    """Own everything below, links themselves and not what they lead to; folders become writable. Only root
    can give to others."""
    for directory, folders, names in os.walk(tree):
        if os.geteuid() == 0:
            os.chown(directory, owner, owner)
            for name in (*folders, *names):
                os.lchown(Path(directory, name), owner, owner)
        Path(directory).chmod(0o755)


def _refuse_special_files(tree: Path) -> None:
    for directory, _, names in os.walk(tree):
        for name in names:
            mode = Path(directory, name).lstat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
                raise BuildFailed(f"{name}: a package made a pipe, socket or device; only files are kept.")
