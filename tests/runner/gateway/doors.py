"""A whole gateway over boxes: public listener, internal socket, signed requests. No Redis, no database."""

import asyncio
import json
from functools import partial

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from functions.config import Address
from functions.errors import ResourceNotFound
from functions.snapshots import KeySnapshot, Principal, RoleSnapshot, Route
from runner.gateway.authorize import Authorizer
from runner.gateway.catalog import Catalog
from runner.gateway.invoke_api import InvokeApi
from runner.gateway.listener import Listener
from runner.gateway.refusals import Refusals, note_unread
from runner.gateway.routes import Parts, Routes
from tests.runner.gateway.boxes import ACCOUNT, World, snapshot

SECRET = "s" * 40
FAR = "111111111111"


def principal(role="developer", project="p"):
    return Principal("user", "1", "ada", project, ACCOUNT, role)


class Table:
    """The catalog's source: routes by (name, qualifier), URLs and keys by id."""

    def __init__(self):
        self.routes = {("hello", ""): Route("", "", ((snapshot(version="$LATEST"), 1.0),))}
        self.urls = {}
        self.hooks = {}
        self.keys = {
            "AKIDEV": KeySnapshot("AKIDEV", SECRET, principal()),
            "AKIVIEW": KeySnapshot("AKIVIEW", SECRET, principal("viewer")),
            "AKIOTHER": KeySnapshot("AKIOTHER", SECRET, principal(project="q")),
            "AKIROLE": KeySnapshot(
                "AKIROLE", SECRET, Principal("role", "f", "r/f", "p", ACCOUNT, "developer")
            ),
            "AKIFAR": KeySnapshot("AKIFAR", SECRET, Principal("user", "2", "eve", "r", FAR, "developer")),
            "AKIOLD": KeySnapshot("AKIOLD", SECRET, principal(), 1),
        }
        self.revisions = {}
        self.roles = {}
        self.refused = []

    def route(self, *, account, region, name, qualifier):
        found = self.routes.get((name, qualifier)) if account in {"", ACCOUNT} else None
        if found is None:
            raise ResourceNotFound(f"Function not found: arn:aws:lambda:{region}:{account}:function:{name}")
        return found

    def route_by_id(self, *, function_id, qualifier):
        return self.route(account="", region="", name="hello", qualifier=qualifier)

    def url_by_id(self, url_id):
        return self.urls.get(url_id)

    def hook_by_id(self, hook_id):
        return self.hooks.get(hook_id)

    def access_key(self, key_id):
        return self.keys.get(key_id)

    def revision_snapshot(self, *, revision_id):
        if revision_id not in self.revisions:
            raise ResourceNotFound(f"Revision not found: {revision_id}")
        return self.revisions[revision_id]

    def role_snapshot(self, *, project_id, name):
        return RoleSnapshot(str(project_id), name, self.roles.get(name))

    def note_uses(self, uses):
        self.uses = uses

    def store_refusals(self, refused):
        self.refused += refused

    def kinds(self):
        return []


class Events:
    """Keeps accepted events, or refuses them."""

    def __init__(self):
        self.accepted = []
        self.refusal = None

    def accept(self, event, told):
        if self.refusal is None:
            self.accepted.append(event)
        asyncio.get_running_loop().call_soon(told, self.refusal)


def elsewhere(name):
    def part(exchange, *arguments):
        exchange.respond(299, [("x-part", name)], repr(arguments).encode())

    return part


class Doors:
    """The public door with real routing, signatures and Invoke."""

    def __init__(self, directory, authorizer=Authorizer, **world):
        loop = asyncio.get_running_loop()
        self.world = World(directory, **world)
        self.table = Table()
        self.catalog = Catalog(loop, self.table)
        self.catalog.subscribed = True
        self.events = Events()
        self.authorizer = authorizer(self.catalog)
        self.refusals = Refusals(self.catalog.store_refusals)
        self.invoke_api = InvokeApi(
            self.authorizer, self.catalog, self.world.dispatcher, self.events, self.refusals
        )
        self.parts = {
            "invoke": self.invoke_api.handle,
            "unread": partial(note_unread, self.refusals, self.catalog),
            **{name: elsewhere(name) for name in ("stream", "relay", "url", "hook", "own")},
        }
        self.port = 0
        self.limits = None

    async def open(self):
        self.listener = Listener(Routes(Parts(**self.parts), "fn.example.org"), self.limits)
        self.port = await self.listener.listen_tcp(Address("127.0.0.1", 0))
        return self

    async def close(self):
        await self.listener.stop(0)
        await self.world.close()
        self.catalog.close()

    async def refused(self):
        """What was noted so far, as the database would get it."""
        await self.refusals.flush()
        return self.table.refused

    async def request(self, method, target, body=b"", headers=None):
        """Send one request; returns (status, headers, body)."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        lines = [f"{method} {target} HTTP/1.1"]
        sent = {"Host": f"127.0.0.1:{self.port}", "Connection": "close", **(headers or {})}
        if body or method in {"POST", "PUT"}:
            sent["Content-Length"] = str(len(body))
        lines += [f"{name}: {value}" for name, value in sent.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        raw = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        return parse(raw)

    async def signed(
        self, method, target, body=b"", headers=None, key="AKIDEV", secret=SECRET, sign=None, token=None
    ):
        """Send one request signed by botocore itself."""
        request = AWSRequest(
            method, f"http://127.0.0.1:{self.port}{target}", data=body, headers=dict(headers or {})
        )
        (sign or SigV4Auth)(Credentials(key, secret, token), "lambda", "us-east-1").add_auth(request)
        return await self.request(method, target, body, dict(request.headers))

    async def invoke(self, body=b"{}", name="hello", query="", headers=None, **more):
        target = f"/2015-03-31/functions/{name}/invocations{query}"
        return await self.signed("POST", target, body, headers, **more)


def serve(make, body):
    """Run `body` with the doors that `make` makes open, at most half a minute."""

    async def main():
        doors = await make().open()
        try:
            await asyncio.wait_for(body(doors), 30)
        finally:
            await doors.close()

    asyncio.run(main())


def parse(raw):
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(": ")
        headers.setdefault(name.lower(), value)
    return int(first.split()[1]), headers, body


def error(answer):
    """(status, error type, message) of a refusal, checked to be as botocore reads it."""
    status, headers, body = answer
    shape = json.loads(body)
    assert headers["content-type"] == "application/json"
    assert headers["x-amzn-requestid"]
    return status, headers["x-amzn-errortype"], shape.get("message") or shape["Message"]
