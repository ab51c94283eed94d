"""The few calls that Functory makes to the Docker engine for sandboxes, blocking, with the engine's errors
turned into DriverError. Knows no cgroup, mount or event loop."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from requests.exceptions import RequestException

from runner.sandbox.driver import DriverError
from runner.sandbox.engine.options import (
    INSTANCE_LABEL,
    SANDBOX_LABEL,
    ContainerPlan,
    container_options,
    host_options,
)
from runner.sandbox.engine.words import engine_words
from runner.sandbox.spec import PoolKey

_CONFLICT = 409
_REMOVAL_POLL_S = 0.02
_REMOVAL_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class Running:
    """A container that the engine has started: its full id, the pid of its first process on the host (0 when
    it has ended), the sandbox it is, and the id of the image that it was made of."""

    container_id: str
    pid: int
    sandbox_id: str
    image: str = ""


class SandboxEngine:
    """Starts and removes sandboxes' containers. Safe to call from several threads."""

    def __init__(self, client: docker.DockerClient) -> None:
        self._api = client.api

    def start(self, plan: ContainerPlan) -> Running:
        """Create and start; on failure nothing remains. About 100 ms; raises DriverError."""
        container_id = self._create(plan)
        try:
            self._api.start(container_id)
            found = self._api.inspect_container(container_id)
        except (DockerException, RequestException) as error:
            self.remove(container_id)
            raise DriverError(engine_words(error, doing="The engine cannot start a sandbox")) from error
        return Running(container_id, int(found["State"]["Pid"]), plan.sandbox_id, str(found["Image"]))

    def remove(self, container_id: str) -> None:
        """Kill and remove, and wait until it is gone; also when somebody else is removing it already."""
        limit = time.monotonic() + _REMOVAL_LIMIT_S
        while time.monotonic() < limit:
            try:
                self._api.remove_container(container_id, force=True, v=True)
            except NotFound:
                return
            except APIError as error:
                if error.status_code != _CONFLICT:
                    raise DriverError(
                        engine_words(error, doing="The engine cannot remove a sandbox")
                    ) from error
            except (DockerException, RequestException) as error:
                raise DriverError(engine_words(error, doing="The engine cannot remove a sandbox")) from error
            else:
                return
            time.sleep(_REMOVAL_POLL_S)
        raise DriverError(f"The engine does not finish removing container {container_id[:12]}")

    def sandboxes(self, instance: str) -> list[Running]:
        """The containers of an installation's sandboxes, running (pid > 0) or not; never a builder's."""
        filters = {"label": [f"{INSTANCE_LABEL}={instance}", SANDBOX_LABEL]}
        try:
            listed: list[dict[str, Any]] = self._api.containers(all=True, filters=filters)
        except (DockerException, RequestException) as error:
            raise DriverError(engine_words(error, doing="The engine does not list containers")) from error
        return [self._running(str(item["Id"]), item["Labels"][SANDBOX_LABEL]) for item in listed]

    def image_id(self, reference: str) -> str:
        """The id that a name stands for now, "" for none; raises DriverError."""
        try:
            return str(self._api.inspect_image(reference)["Id"])  # type: ignore[no-untyped-call]
        except ImageNotFound:
            return ""
        except (DockerException, RequestException) as error:
            raise DriverError(engine_words(error, doing="The engine cannot look at an image")) from error

    def volumes(self, image: str) -> tuple[str, ...]:
        """The folders that an image declares as volumes; raises DriverError."""
        try:
            found: dict[str, Any] = self._api.inspect_image(image)  # type: ignore[no-untyped-call]
        except ImageNotFound as error:
            raise DriverError(_gone(image)) from error
        except (DockerException, RequestException) as error:
            raise DriverError(engine_words(error, doing="The engine cannot look at an image")) from error
        return tuple(sorted(found["Config"].get("Volumes") or {}))

    def _create(self, plan: ContainerPlan) -> str:
        try:
            host = self._api.create_host_config(**host_options(plan))
            return str(self._api.create_container(host_config=host, **container_options(plan))["Id"])
        except ImageNotFound as error:
            raise DriverError(_absent(plan.key)) from error
        except (DockerException, RequestException) as error:
            raise DriverError(engine_words(error, doing="The engine cannot create a sandbox")) from error

    def _running(self, container_id: str, sandbox_id: str) -> Running:
        try:
            pid = int(self._api.inspect_container(container_id)["State"]["Pid"])
        except (DockerException, RequestException):
            pid = 0
        return Running(container_id, pid, sandbox_id)


def _absent(key: PoolKey) -> str:
    if key.image:
        return _gone(key.image)
    return (
        f"The image of the runtime {key.runtime} is not there: deploy the function again and it is made, or run "
        f"`manage.py images {key.runtime}`."
    )


def _gone(image: str) -> str:
    return (
        f"The container image {image[:19]} was removed from this machine's engine, so the version that was deployed "
        "with it cannot start. Build or pull the image again and deploy the function."
    )
