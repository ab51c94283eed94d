"""A gateway as a process of its own, with its Redis, its databases and the real engine behind a socket that
the test can take away."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import boto3
import httpx
from botocore.config import Config as ClientConfig

from functions.config import REPOSITORY, Config
from functions.records import decode_records
from runner.client import GatewayClient, GatewayDown
from tests.support.redis_server import RedisServer
from tests.support.sandboxes import containers_of, launcher_in
from tests.support.stack import free_port
from tests.support.waiting import wait_until

ENGINE = Path("/var/run/docker.sock")
HELLO = "def lambda_handler(event, context):\n    print('a line')\n    return event\n"
SLOW = "import time\ndef lambda_handler(event, context):\n    time.sleep(event['s'])\n    return 'slept'\n"


class Installation:
    """Start, stop, kill; ask it and look at what it leaves."""

    def __init__(self, **functions):
        self.functions = functions
        self.home = Path(tempfile.mkdtemp(prefix="fg-", dir="/tmp"))
        self.redis = RedisServer()
        self.redis.start()
        self.engine = self.home / "engine.sock"
        self.give_engine()
        self.environ = {
            **os.environ,
            "FUNCTORY_HOME": str(self.home),
            "FUNCTORY_GATEWAY": f"127.0.0.1:{free_port()}",
            "FUNCTORY_DOCKER_SOCKET": str(self.engine),
            "FUNCTORY_PREWARM": "1",
            "REDIS_URL": self.redis.url,
            "DJANGO_SETTINGS_MODULE": "console.settings",
        }
        self.config = Config.from_environ(self.environ)
        launcher_in(self.config)
        self.planted = self._plant()
        self.process = None

    def _plant(self):
        functions = {"hello": {"code": HELLO}, "slow": {"code": SLOW, "timeout_s": 30}, **self.functions}
        command = [sys.executable, str(REPOSITORY / "tests/runner/gateway/plant.py"), json.dumps(functions)]
        planting = subprocess.run(command, env=self.environ, capture_output=True, text=True, check=False)
        assert planting.returncode == 0, planting.stderr
        return json.loads(planting.stdout)

    def give_engine(self):
        self.engine.symlink_to(ENGINE)

    def take_engine(self):
        self.engine.unlink()

    def start(self, *, wait=True):
        log = (self.home / "log").open("ab")
        command = [sys.executable, str(REPOSITORY / "manage.py"), "gateway"]
        self.process = subprocess.Popen(command, env=self.environ, stdout=log, stderr=log)
        if wait:
            wait_until(lambda: self.health() is not None and self.health().ok, 60)

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(60)

    def health(self):
        try:
            with GatewayClient(self.config) as client:
                return client.health()
        except GatewayDown:
            assert self.process.poll() is None, (self.home / "log").read_text()
            return None

    def client(self):
        return boto3.client(
            "lambda",
            endpoint_url=f"http://{self.config.gateway}",
            region_name="us-east-1",
            aws_access_key_id=self.planted["key"],
            aws_secret_access_key=self.planted["secret"],
            config=ClientConfig(retries={"max_attempts": 0}, read_timeout=60),
        )

    def invoke(self, name="hello", event=None, **more):
        answer = self.client().invoke(FunctionName=name, Payload=json.dumps(event or {}), **more)
        return json.loads(answer["Payload"].read())

    def get(self, path, **more):
        return httpx.get(f"http://{self.config.gateway}{path}", **more)

    def containers(self):
        return containers_of(self.config)

    def recorded(self):
        """Request ids of all records that reached the stream."""
        key = f"functory:{self.config.instance}:records"
        with self.redis.client() as client:
            entries = client.xrange(key)
        return [record.request_id for _, fields in entries for record in decode_records(fields[b"d"])]

    def remove(self):
        if self.process is not None and self.process.poll() is None:
            self.end(signal.SIGTERM)
        self.redis.remove()
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self.config.sandboxes, ignore_errors=True)
