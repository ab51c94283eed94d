"""One handler run once by `docker run`, as somebody without Functory would: a new container of the runtime's own image,
the language's start, the code's import, one event. Speaks to what is inside as the gateway does."""

from __future__ import annotations

import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from functions.ids import new_id
from functions.runtimes import Runtime
from runner.sandbox.frames import BIND, BOUND, READY, SUCCESS, frame, invoke_frame
from runner.sandbox.messages import call_header
from runner.sandbox.spec import Call, Limits

PATIENCE_S = 60.0


@dataclass(frozen=True)
class Code:
    """What is run: the row, its image, its files, what was built of them, the handler and its limits."""

    row: Runtime
    image: str
    task: Path
    built: Path | None
    handler: str
    environment: Mapping[str, str]
    event: bytes
    limits: Limits


class Unanswered(RuntimeError):
    """The container did not give the answer."""


def run_once(code: Code) -> float:
    """Seconds from the command to the answer; raises Unanswered."""
    try:
        return _by_frames(code) if code.row.lean else _by_http(code)
    except TimeoutError:
        raise Unanswered(code.row.identifier) from None


@contextmanager
def _running(code: Code, options: list[str], command: tuple[str, ...]) -> Iterator[None]:
    """The container while it is needed: a first process need not heed a signal, so it is removed."""
    name = f"functory-bench-{new_id()}"
    folders = {"/var/task": code.task, **({"/var/dependencies": code.built} if code.built else {})}
    mounts = [word for inside, path in folders.items() for word in ("-v", f"{path}:{inside}:ro")]
    variables = [word for pair in code.environment.items() for word in ("-e", "=".join(pair))]
    run = ["docker", "run", "--rm", "--name", name, "--log-driver", "none"]
    # The same share of memory and processors as the sandbox has beside it.
    limits = ["--memory", f"{code.limits.memory_mb}m", "--cpu-shares", str(code.limits.cpu_shares)]
    whole = [*run, *limits, *mounts, *variables, *options, code.image, *command]
    with subprocess.Popen(whole, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        try:
            yield
        finally:
            subprocess.run(["docker", "rm", "--force", name], capture_output=True, check=False)


def _by_frames(code: Code) -> float:
    with tempfile.TemporaryDirectory(prefix="fy-") as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/s.sock")
        listener.listen()
        listener.settimeout(PATIENCE_S)
        options = ["--network", "none", "-v", f"{folder}:/run/functory"]
        began = time.perf_counter()
        with _running(code, options, code.row.command), listener.accept()[0] as peer:
            _speak(peer, code)
            return time.perf_counter() - began


def _speak(peer: socket.socket, code: Code) -> None:
    peer.settimeout(PATIENCE_S)
    _expect(peer, READY, code)
    binding = {"handler": code.handler, "environment": dict(code.environment), "marker": "m"}
    peer.sendall(frame(BIND, json.dumps(binding).encode()))
    _expect(peer, BOUND, code)
    call = Call("1", code.event, "arn", PATIENCE_S, int((time.time() + PATIENCE_S) * 1000))
    peer.sendall(invoke_frame(call_header(call), code.event))
    _expect(peer, SUCCESS, code)


def _expect(peer: socket.socket, kind: int, code: Code) -> None:
    head = peer.recv(5, socket.MSG_WAITALL)
    size = int.from_bytes(head[:4], "big") - 1
    body = peer.recv(size, socket.MSG_WAITALL) if size > 0 else b""
    if len(head) < 5 or head[4] != kind:
        raise Unanswered(f"{code.row.identifier}: {body[:300]!r}")


class _Api(HTTPServer):
    """The two calls of the Runtime API that a program with a client of its own makes for one event."""

    timeout = PATIENCE_S

    def __init__(self, event: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.event, self.answered = event, False


class _Answers(BaseHTTPRequestHandler):
    server: _Api

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "1")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + PATIENCE_S) * 1000)))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.server.event)))
        self.end_headers()
        self.wfile.write(self.server.event)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.answered |= self.path.endswith("/response")
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def _by_http(code: Code) -> float:
    """Over the host's loopback."""
    with _Api(code.event) as api:
        address = f"AWS_LAMBDA_RUNTIME_API=127.0.0.1:{api.server_port}"
        options = ["--network", "host", "-w", "/var/task", "-e", address, "-e", f"_HANDLER={code.handler}"]
        program = "/var/dependencies/bootstrap" if code.built else "/var/task/bootstrap"
        began = time.perf_counter()
        with _running(code, options, (program,)):
            while not api.answered and time.perf_counter() - began < PATIENCE_S:
                api.handle_request()
            took = time.perf_counter() - began
    if not api.answered:
        raise Unanswered(code.row.identifier)
    return took
