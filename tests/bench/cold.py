"""Cold starts through the internal API: ends every warm sandbox of a function, waits until a prewarmed one is
there, calls. Needs FUNCTORY_HOME as the running gateway has it.

    python tests/bench/cold.py --function <function id> --qualifier live
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from functions.config import Config
from functions.states import TriggerKind
from runner.client import GatewayClient, GatewayRefused, Order


def make_cold(client: GatewayClient, function_id: str, kind: tuple[str, str]) -> None:
    """No sandbox of the function, one of its kind in the supply."""
    while True:
        seen = client.sandboxes()
        own = [one for one in seen.sandboxes if one.function_id == function_id]
        for one in own:
            with contextlib.suppress(GatewayRefused):
                client.end_sandbox(one.id)
        if not own and any(shelf.waiting and (shelf.runtime, shelf.network) == kind for shelf in seen.supply):
            return
        time.sleep(0.05)


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--function", required=True)
    parser.add_argument("--qualifier", default="live")
    parser.add_argument("--runtime", default="python3.13")
    parser.add_argument("--network", default="internet")
    parser.add_argument("--calls", type=int, default=20)
    options = parser.parse_args()
    whole, init = [], []
    with GatewayClient(Config.from_environ()) as client:
        for _ in range(options.calls):
            make_cold(client, options.function, (options.runtime, options.network))
            started = time.perf_counter()
            record = client.invoke(
                Order(function_id=options.function, qualifier=options.qualifier, trigger=TriggerKind.TEST)
            )
            if record.cold:
                whole.append(time.perf_counter() - started)
                init.append(record.init_us / 1_000_000)
    for name, values in (("call", whole), ("init", init)):
        values.sort()
        middle, slow = values[len(values) // 2], values[int(len(values) * 0.9)]
        line = {name: len(values), "p50_ms": round(middle * 1000, 1), "p90_ms": round(slow * 1000, 1)}
        print(json.dumps(line))  # noqa: T201


if __name__ == "__main__":
    main()
