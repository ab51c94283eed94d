"""The environment that a function finds, as Lambda sets it, and the pool key that follows from it. Pure.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""

from __future__ import annotations

from datetime import UTC, datetime

from functions.log_streams import stream_of
from functions.runtimes import runtime, start_environment
from functions.snapshots import FunctionSnapshot
from runner.sandbox.spec import PoolKey

# Where a function with layers finds their programs; libraries of theirs are found by programs that it starts.
LAYERED = {
    "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin",
    "LD_LIBRARY_PATH": "/var/task:/var/task/lib:/opt/lib",
}
RUNTIME_API = "127.0.0.1:9001"


def pool_key(snapshot: FunctionSnapshot) -> PoolKey:
    """The kind of sandbox that the function can be bound to; raises InvalidParameterValue."""
    row = runtime(snapshot.runtime)
    start = start_environment(row, snapshot.environment, snapshot.memory_mb)
    image = snapshot.program.image if snapshot.program else ""
    return PoolKey(row.identifier, snapshot.network, start, image)


def environment_of(snapshot: FunctionSnapshot, sandbox_id: str) -> dict[str, str]:
    """The function's own variables under the reserved ones, which they cannot replace."""
    # Where a runtime of the function's own finds the Runtime API; built-in bootstraps do not need it.
    api = {} if runtime(snapshot.runtime).lean else {"AWS_LAMBDA_RUNTIME_API": RUNTIME_API}
    return {
        "TZ": ":UTC",
        **(LAYERED if snapshot.layers else {}),
        **snapshot.environment,
        **api,
        "_HANDLER": snapshot.handler,
        "AWS_REGION": snapshot.region,
        "AWS_DEFAULT_REGION": snapshot.region,
        # As in Lambda, an image says itself what it runs on.
        **({} if snapshot.program else {"AWS_EXECUTION_ENV": f"AWS_Lambda_{snapshot.runtime}"}),
        "AWS_LAMBDA_FUNCTION_NAME": snapshot.name,
        "AWS_LAMBDA_FUNCTION_VERSION": snapshot.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(snapshot.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": snapshot.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": stream_of(datetime.now(UTC).date(), snapshot.version, sandbox_id),
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
    }
