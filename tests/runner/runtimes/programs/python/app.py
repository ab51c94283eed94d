"""What the contract suite asks of a function, in Python."""

import base64
import ctypes
import os
import socket
import time

print("cold")
if os.environ.get("BREAK"):
    raise ValueError("broken at start")
calls = 0


def handler(event, context):
    """Do what the event says."""
    return globals()[event["do"]](event, context)


def echo(event, _context):
    return {"got": event, "env": os.environ.get("OWN"), "where": os.getcwd()}


def context(_event, context):
    return {
        "name": context.function_name,
        "version": context.function_version,
        "memory": str(context.memory_limit_in_mb),
        "group": context.log_group_name,
        "stream": context.log_stream_name,
        "arn": context.invoked_function_arn,
        "id": context.aws_request_id,
        "left": context.get_remaining_time_in_millis(),
    }


def fail(_event, _context):
    raise ValueError("boom")


def leave(event, _context):
    print("last words", flush=True)
    if event["how"] == "exit":
        os._exit(3)
    if event["how"] == "abort":
        os.abort()
    ctypes.string_at(0)


def answer(event, _context):
    return event.get("text", "x") * event["size"]


def shout(event, _context):
    raise ValueError("y" * event["size"])


def size(event, _context):
    return len(event["text"])


def trace(_event, _context):
    return os.environ.get("_X_AMZN_TRACE_ID")


def sleep(event, _context):
    time.sleep(event.get("seconds", 60))
    return "slept"


def eat(_event, _context):
    kept = bytearray()
    while True:
        kept += b"x" * 1_000_000


def write(_event, _context):
    with open("/tmp/f", "w") as file:
        file.write("x")
    with open("/tmp/f") as file:
        return file.read()


def fill(event, _context):
    with open("/tmp/large", "wb") as file:
        for _ in range(event["megabytes"]):
            file.write(bytes(1024 * 1024))


def spoil(_event, _context):
    with open("/var/task/f", "w"):
        pass


def show(_event, _context):
    print("one")
    os.system("echo two")
    print("three", end="")
    return 1


def count(_event, _context):
    global calls
    calls += 1
    return calls


def binary(_event, _context):
    body = base64.b64encode(bytes(range(256))).decode()
    headers = {"content-type": "application/octet-stream"}
    return {"statusCode": 200, "headers": headers, "isBase64Encoded": True, "body": body}


def connect(event, _context):
    with socket.create_connection((event["host"], 80), timeout=3):
        return "connected"
