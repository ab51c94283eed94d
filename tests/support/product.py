"""A running installation as programs and people use it: SDK clients with real keys, a logged-in console over
plain HTTP, and the rows that the recorder has stored."""

from __future__ import annotations

import contextlib
import io
import json
import re
import sqlite3
import stat
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import boto3
import httpx
from botocore.config import Config as ClientConfig

from functions.config import REPOSITORY
from tests.support.stack import Stack, wait_for

ACCOUNT = "000000000001"
PASSWORD = "a-long-enough-password"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/lambda"
ECHO = "def lambda_handler(event, context):\n    print('a line')\n    return event\n"
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def zipped(files: Mapping[str, str | bytes], *, modes: Mapping[str, int] | None = None) -> bytes:
    """A zip of these files; `modes` gives an entry a Unix mode with its type, as for links and devices."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            info = zipfile.ZipInfo(path)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = (modes or {}).get(path, stat.S_IFREG | 0o644) << 16
            archive.writestr(info, content)
    return buffer.getvalue()


@dataclass
class Product:
    """One installation and three members' keys: administrator, developer, viewer."""

    stack: Stack
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    _console: httpx.Client | None = None

    def populate(self) -> None:
        """Make the members; call it once."""
        made = self._plant("plant_members.py", PASSWORD)
        self.keys = {role: (key, secret) for role, (key, secret) in made.items()}
        self.stack.password = PASSWORD

    def add_stranger(self, account: str) -> None:
        """Make a project of that account number with an administrator; their key is `keys[account]`."""
        key, secret = self._plant("plant_stranger.py", account)
        self.keys[account] = (key, secret)

    def _plant(self, program: str, argument: str) -> Any:
        command = [sys.executable, str(REPOSITORY / "tests/support" / program), argument]
        environ = self.stack.environment()
        made = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=120)
        assert made.returncode == 0, made.stderr
        return json.loads(made.stdout)

    def client(self, role: str = "administrator", service: str = "lambda", **settings: Any) -> Any:
        """An unmodified SDK client that does not retry, so that a refusal is seen at once."""
        key, secret = self.keys[role]
        given = {
            "aws_access_key_id": key,
            "aws_secret_access_key": secret,
            "region_name": "us-east-1",
            **settings,
        }
        config = ClientConfig(retries={"max_attempts": 0}, read_timeout=60)
        return boto3.client(service, endpoint_url=self.stack.gateway, config=config, **given)

    def create(self, name: str, code: str | bytes = ECHO, *, wait: bool = True, **more: Any) -> None:
        """A Python function from source or zip, active."""
        package = code if isinstance(code, bytes) else zipped({"lambda_function.py": code})
        handler = "lambda_function.lambda_handler"
        client = self.client()
        settings = {"Runtime": "python3.13", "Handler": handler, "Role": ROLE, **more}
        client.create_function(FunctionName=name, Code={"ZipFile": package}, **settings)
        if wait:
            waiter = client.get_waiter("function_active_v2")
            waiter.wait(FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 90})

    def public_url(self, name: str) -> str:
        """The address of a new function URL that everybody may call."""
        client = self.client()
        allowed = {"Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE"}
        client.add_permission(FunctionName=name, StatementId="public", **allowed)
        return str(client.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"])

    def call(self, name: str, event: object = None, **more: Any) -> dict[str, Any]:
        """The answer of a synchronous call: status, error, payload and request id."""
        answer = self.client().invoke(FunctionName=name, Payload=json.dumps(event or {}), **more)
        return {
            "status": answer["StatusCode"],
            "error": answer.get("FunctionError", ""),
            "payload": json.loads(answer["Payload"].read() or b"null"),
            "id": answer["ResponseMetadata"]["RequestId"],
        }

    # What is stored

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """Rows of the telemetry database, read past the product."""
        path = self.stack.home / "telemetry.sqlite3"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as database:
            database.row_factory = sqlite3.Row
            return database.execute(query, values).fetchall()

    def record(self, request_id: str, limit_s: float = 60) -> sqlite3.Row:
        """The stored invocation with that request id, once the recorder has written it."""
        query = "select * from functions_invocation where request_id = ?"
        key = UUID(request_id).hex
        wait_for(f"the record of {request_id} is stored", lambda: self.rows(query, key), limit_s)
        return self.rows(query, key)[0]

    def refusal(self, request_id: str, limit_s: float = 20) -> sqlite3.Row:
        """The stored refusal that was answered with that request id."""
        query = "select * from functions_refusal where id = ?"
        key = UUID(request_id).hex
        wait_for(f"the refusal of {request_id} is stored", lambda: self.rows(query, key), limit_s)
        return self.rows(query, key)[0]

    def expire_sessions(self) -> None:
        """All keys of AssumeRole are over, as the gateway learns it when it starts: it is told to read again."""
        self._plant("plant_expiry.py", "")

    # The console

    @property
    def console(self) -> httpx.Client:
        """The administrator's session."""
        if self._console is None:
            self._console = self.log_in("admin")
        return self._console

    def log_in(self, name: str) -> httpx.Client:
        """A person's session of their own."""
        session = httpx.Client(base_url=self.stack.console, follow_redirects=True, timeout=60)
        token = _TOKEN.search(session.get("/log-in").text)
        assert token is not None
        form = {"username": name, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        answer = session.post("/log-in", data=form, headers={"Referer": self.stack.console})
        assert "functory_session" in session.cookies, answer.text[:500]
        return session

    def page(self, path: str) -> httpx.Response:
        """A page of the default project."""
        return self.console.get(f"/p/{ACCOUNT}/{path}")

    def post(self, path: str, **form: Any) -> httpx.Response:
        """A form of the default project, sent; `files` goes as files."""
        files = form.pop("files", None)
        token = next((c.value for c in self.console.cookies.jar if "csrf" in c.name.lower()), "")
        headers = {"X-CSRFToken": token or "", "Referer": self.stack.console}
        return self.console.post(f"/p/{ACCOUNT}/{path}", data=form, files=files, headers=headers)

    def seen(self, request_id: str) -> str:
        """The text of an invocation's page."""
        answer = self.page(f"invocations/{request_id}")
        assert answer.status_code == 200, answer.text[:500]
        return answer.text
