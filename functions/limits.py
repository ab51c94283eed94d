"""The numbers that bound everything, with AWS's page for each that copies AWS. Pure.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

from __future__ import annotations

from functions.errors import InvalidParameterValue

KB = 1024
MB = 1024 * KB

SYNC_PAYLOAD = 6 * MB
EVENT_PAYLOAD = 1 * MB  # 1 MB since 2025-10 (before: 256 KB)
STREAMED_RESPONSE = 200 * MB
OBJECT_BODY = 50 * MB  # of one request to a bucket: larger objects come in parts
ENVIRONMENT = 4 * KB
ZIP = 50 * MB
UNPACKED = 250 * MB
ZIP_ENTRIES = 50_000
CLIENT_CONTEXT = 3583

EDITOR_TEXT = 3 * MB
EDITOR_FILES = 500

MEMORY_MB = range(128, 10_240 + 1)
TIMEOUT_S = range(1, 900 + 1)
EPHEMERAL_MB = range(512, 10_240 + 1)

INIT_TIMEOUT_S = 10.0  # the Init phase; longer inits are run again under the function's own time-out
LOG_BYTES = 1 * MB  # kept per invocation; what comes after is read and dropped
LOG_TAIL = 4 * KB  # X-Amz-Log-Type: Tail
CAPTURED_PAYLOAD = 256 * KB
CAPTURED_SUCCESSES = 50

EVENT_MAX_AGE_S = 6 * 3600
UNDO_DELETE_DAYS = 7


def check_memory(value: int) -> int:
    """Memory in MB; raises InvalidParameterValue with field `memory_mb`, in AWS's words."""
    return _within("MemorySize", "memorySize", "memory_mb", value, MEMORY_MB)


def check_timeout(value: int) -> int:
    """Time-out in seconds; raises InvalidParameterValue with field `timeout_s`."""
    return _within("Timeout", "timeout", "timeout_s", value, TIMEOUT_S)


def check_ephemeral(value: int) -> int:
    """Size of /tmp in MB; raises InvalidParameterValue with field `ephemeral_mb`."""
    return _within("EphemeralStorage", "ephemeralStorage.size", "ephemeral_mb", value, EPHEMERAL_MB)


def _within(title: str, path: str, field: str, value: int, allowed: range) -> int:
    if value in allowed:
        return value
    bound = (
        f"less than or equal to {allowed[-1]}"
        if value > allowed[-1]
        else f"greater than or equal to {allowed[0]}"
    )
    raise InvalidParameterValue(
        f"'{title}' value failed to satisfy constraint: Value '{value}' at '{path}' must be {bound}",
        field=field,
    )
