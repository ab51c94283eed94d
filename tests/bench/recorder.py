"""How many records a second the recorder stores: `python tests/bench/recorder.py [seconds]`. A home of its own
below /tmp with SQLite, or the databases that DATABASE_URL and TELEMETRY_DATABASE_URL name, and its own Redis."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ["FUNCTORY_HOME"] = HOME = tempfile.mkdtemp(prefix="functory-bench-")
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
PER_ENTRY = 60  # 20 ms of 3,000 calls a second
FUNCTIONS = 20


def main(seconds: float) -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from tests.support.redis_server import RedisServer

    for database in ("default", "telemetry"):
        call_command("migrate", database=database, verbosity=0)
    server = RedisServer()
    server.start()
    try:
        os.environ["REDIS_URL"] = server.url
        from functions.config import Config

        settings.FUNCTORY = Config.from_environ()
        for label, log in (("no log", ""), ("log of 300 bytes", "x" * 300), ("log of 4 KB", "x" * 4096)):
            by_clock, by_cpu = rates(server, seconds, log)
            sys.stdout.write(f"{label:18} {by_clock:8.0f} records/s, {by_cpu:8.0f} per CPU second\n")
    finally:
        server.remove()


def rates(server, seconds: float, log: str) -> tuple[float, float]:
    """Records stored per second of the recorder's own time, by the clock and by what it computed."""
    from django.conf import settings

    from functions import queues
    from functions.records import encode
    from runner.recorder.main import build
    from tests.support.telemetry import make_record

    recorder = build(settings.FUNCTORY, "bench")
    stored, spent, computed = 0, 0.0, 0.0
    with server.client() as client:
        while spent < seconds:
            for _ in range(50):
                records = [
                    make_record(
                        function_id=str(UUID(int=number % FUNCTIONS + 1)), log=log, cold=number % 50 == 0
                    )
                    for number in range(PER_ENTRY)
                ]
                client.xadd(queues.records_stream(), {"d": encode(records)})
                stored += PER_ENTRY
            started, began = time.perf_counter(), time.process_time()
            while recorder.run_once(block_ms=1):
                pass
            spent += time.perf_counter() - started
            computed += time.process_time() - began
    return stored / spent, stored / computed


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 5.0)
