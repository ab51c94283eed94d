"""Runs handlers in real sandboxes without a gateway: code in, calls in, ends out."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from functions.artifacts import NODE_MODULES, Store, seal
from functions.config import Config
from functions.container_images import handler_of, program, settings_of
from functions.ids import new_id
from functions.runtimes import IMAGE, Build, runtime, start_environment
from functions.states import EndReason
from runner.build.builder import names, reader
from runner.build.indexes import read_indexes
from runner.build.main import open_builder
from runner.build.plan import plan_build
from runner.images.catalog import builder_reference, image_reference
from runner.images.users import UserImages
from runner.sandbox.docker_driver import DockerDriver
from runner.sandbox.factory import SandboxFactory
from runner.sandbox.sandbox import Sandbox
from runner.sandbox.spec import Binding, Bound, Call, CodeMount, Ended, Limits, PoolKey
from tests.support.programs import IMAGES
from tests.support.sandboxes import launcher_in, sandbox_config
from tests.support.user_images import client_image

ENVIRONMENT = {
    "AWS_LAMBDA_FUNCTION_NAME": "hello",
    "AWS_LAMBDA_FUNCTION_VERSION": "3",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/hello",
    "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/31/[3]0",
    "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
    "LAMBDA_TASK_ROOT": "/var/task",
    "TZ": ":UTC",
}
ARN = "arn:aws:lambda:us-east-1:000000000001:function:hello"


class Bench:
    """Binds functions to fresh sandboxes and calls them; `close` removes all of them."""

    def __init__(self, config: Config, driver: DockerDriver, runner: asyncio.Runner, root: Path) -> None:
        self._config, self._driver, self._runner, self._root = config, driver, runner, root
        self._made: list[Sandbox] = []
        self._built: dict[str, Path | None] = {}
        self._images: dict[str, str] = {}

    def bind(
        self,
        runtime_id: str,
        files: Mapping[str, str],
        handler: str,
        *,
        environment: Mapping[str, str] | None = None,
        memory_mb: int = 256,
        dependencies: Mapping[str, str] | Path | None = None,
    ) -> tuple[Sandbox, Bound]:
        """A sandbox with these files as its code, and how its init went."""
        code = self._tree(files)
        mounts = [CodeMount(code, "/var/task")]
        if dependencies:
            tree = dependencies if isinstance(dependencies, Path) else self._tree(dependencies)
            mounts.append(CodeMount(tree, "/var/dependencies"))
            if runtime(runtime_id).language == "javascript":  # as functions.artifacts does at a deploy
                (code / "node_modules").symlink_to(NODE_MODULES)
        binding = Binding(
            tuple(mounts), Limits(memory_mb), handler, {**ENVIRONMENT, **(environment or {})}, 20.0
        )
        return self._runner.run(self._bind(runtime_id, binding))

    def bind_built(
        self, runtime_id: str, files: Mapping[str, str], handler: str, **more: Any
    ) -> tuple[Sandbox, Bound]:
        """The same, with what a deployment builds of the files, or in a container image; built once."""
        if runtime_id in IMAGES:
            return self._bind_client(runtime_id, **more)
        if runtime(runtime_id).build is not Build.FOLDER:
            return self.bind(runtime_id, files, handler, **more)
        key = repr((runtime_id, sorted(files.items())))
        if key not in self._built:
            self._built[key] = build_tree(self._config, runtime_id, self._tree(files))
        return self.bind(runtime_id, files, handler, dependencies=self._built[key], **more)

    def _bind_client(self, identifier: str, **more: Any) -> tuple[Sandbox, Bound]:
        """The program of a language in an image with its client."""
        if identifier not in self._images:
            self._images[identifier] = client_image(IMAGES[identifier])
        return self.bind_image(self._images[identifier], **more)

    def bind_image(
        self,
        image: str,
        *,
        environment: Mapping[str, str] | None = None,
        memory_mb: int = 256,
        **overrides: Any,
    ) -> tuple[Sandbox, Bound]:
        """A sandbox of a user's image; `overrides` by AWS's names."""
        own = settings_in(self._config.docker_socket, image)
        starts = program(own, overrides)
        binding = Binding(
            (),
            Limits(memory_mb),
            handler_of(own, overrides),
            {**ENVIRONMENT, **(environment or {})},
            20.0,
            command=starts.command,
            directory=starts.directory,
        )
        return self._runner.run(self._bind(IMAGE.identifier, binding, starts.image))

    def call_together(self, pairs: list[tuple[Sandbox, Any]]) -> list[Ended]:
        """A call of each, all under way at once."""
        return self._runner.run(_together([(sandbox, self._order(event)) for sandbox, event in pairs]))

    def call(self, sandbox: Sandbox, event: Any, *, timeout_s: float = 20.0, **more: str) -> Ended:
        """One call, from start to end."""
        return self._runner.run(_invoke(sandbox, self._order(event, timeout_s, **more)))

    def _order(self, event: Any, timeout_s: float = 20.0, **more: str) -> Call:
        payload = event if isinstance(event, bytes) else json.dumps(event).encode()
        deadline = int((time.time() + timeout_s) * 1000)
        return Call(str(new_id()), payload, ARN, timeout_s, deadline, **more)

    def close(self) -> None:
        """Remove every sandbox."""
        for sandbox in self._made:
            self._runner.run(sandbox.end(EndReason.SHUTDOWN))

    async def _bind(self, runtime_id: str, binding: Binding, image: str = "") -> tuple[Sandbox, Bound]:
        start = start_environment(runtime(runtime_id), binding.environment, binding.limits.memory_mb)
        sandbox = await SandboxFactory(self._driver).make(PoolKey(runtime_id, "none", start, image))
        self._made.append(sandbox)
        return sandbox, await sandbox.bind(binding)

    def _tree(self, files: Mapping[str, str]) -> Path:
        tree = self._root / str(new_id())
        for name, text in files.items():
            path = tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o755)
        return tree


def settings_in(socket: Path, image: str) -> dict[str, Any]:
    """What a deployment would keep of an image."""
    with UserImages(socket) as images:
        return settings_of(images.pin(image))


async def _invoke(sandbox: Sandbox, order: Call) -> Ended:
    ended: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
    sandbox.invoke(order, ended.set_result)
    return await ended


async def _together(orders: list[tuple[Sandbox, Call]]) -> list[Ended]:
    return list(await asyncio.gather(*(_invoke(sandbox, order) for sandbox, order in orders)))


def build_tree(config: Config, runtime_id: str, package: Path) -> Path | None:
    """What a deployment would build of an unpacked package, None for nothing; raises BuildFailed."""
    row = runtime(runtime_id)
    seal(package)  # as a deployment leaves it: nobody may write, and the builder is another user
    package.chmod(0o555)
    indexes = read_indexes().description
    plan = plan_build(
        row,
        reader(package),
        names(package),
        package_sha256=package.name,
        image=builder_reference(row.builder),
        indexes=indexes,
    )
    if plan is None:
        return None
    with open_builder(config) as builder:
        builder.install(plan, package, print, owner="tests")
    return Store(config.artifacts).dependencies(plan.key)


@contextmanager
def bench(root: Path) -> Iterator[Bench]:
    """A bench on the Docker driver with every runtime's own image."""
    with sandbox_config() as config, asyncio.Runner() as runner:
        launcher_in(config)
        driver = DockerDriver(config, image_reference, lambda identifier: runtime(identifier).command)
        made = Bench(config, driver, runner, root)
        yield made
        made.close()
        runner.run(driver.close())
