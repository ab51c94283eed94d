"""The engine's troubles are said until they are over; the machine's numbers; what a function finds."""

import asyncio
from pathlib import Path

from runner.gateway.engine import Engine
from runner.gateway.environment import environment_of, pool_key
from runner.gateway.room import Room, limit_of, machine_memory
from runner.gateway.starts import mounts_of
from runner.sandbox.driver import DriverError
from tests.runner.gateway.boxes import snapshot


class Driver:
    def __init__(self):
        self.error = None
        self.recovered = 0

    async def recover(self):
        if self.error:
            raise self.error
        self.recovered += 1
        return 2


def run(body):
    driver, well, looks = Driver(), [], []

    def upkeep():
        looks.append(1)
        if driver.error:
            raise driver.error
        return {"engine": "20.10"}

    asyncio.run(body(driver, Engine(driver, upkeep, lambda: well.append(1)), well, looks))


def test_recovery_comes_before_anything_is_made():
    async def body(driver, engine, well, looks):
        assert engine.trouble
        await engine.recover()
        assert (engine.trouble, driver.recovered, well) == ("", 1, [1])
        assert engine.isolation == {"engine": "20.10"}

    run(body)


def test_an_engine_that_is_down_at_the_start_is_recovered_later():
    async def body(driver, engine, well, looks):
        driver.error = DriverError("the engine does not answer")
        await engine.recover()
        assert (engine.trouble, well, looks) == ("the engine does not answer", [], [])
        driver.error = None
        await engine.recover()
        assert (engine.trouble, driver.recovered, well) == ("", 1, [1])

    run(body)


def test_an_engine_that_goes_away_and_comes_back():
    async def body(driver, engine, well, looks):
        await engine.recover()
        driver.error = DriverError("gone")
        await engine.look()
        assert engine.trouble == "gone"
        driver.error = None
        await engine.look()
        assert (engine.trouble, well, driver.recovered) == ("", [1, 1], 1)

    run(body)


def test_the_machines_memory_and_the_share_of_sandboxes():
    assert machine_memory("MemTotal: 2048 kB\nMemFree: 1024 kB\nMemAvailable: 1536 kB\n") == (2, 1)
    assert limit_of(0, 1000) == 750
    assert limit_of(300, 1000) == 300
    room = Room(300)
    room.take(200)
    assert (room.missing(100), room.missing(101)) == (0, 1)
    room.free(200)
    assert room.committed_mb == 0


def test_the_environment_is_lambdas_and_cannot_be_replaced():
    own = {"A": "1", "TZ": "Europe/Paris", "AWS_LAMBDA_FUNCTION_NAME": "forged"}
    found = environment_of(snapshot(version="7", environment=own), "a1b2")
    assert (found["A"], found["TZ"]) == ("1", "Europe/Paris")
    assert found["AWS_LAMBDA_FUNCTION_NAME"] == "hello"
    assert found["AWS_LAMBDA_FUNCTION_VERSION"] == "7"
    assert found["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "128"
    assert found["AWS_LAMBDA_LOG_GROUP_NAME"] == "/aws/lambda/hello"
    assert "[7]" in found["AWS_LAMBDA_LOG_STREAM_NAME"]
    assert found["AWS_REGION"] == "us-east-1"
    assert environment_of(snapshot(), "a1b2")["TZ"] == ":UTC"


def test_variables_that_count_at_the_start_make_a_kind_of_their_own():
    plain = pool_key(snapshot(environment={"A": "1"}))
    assert (plain.runtime, plain.network, plain.start_environment) == ("python3.13", "none", ())
    assert pool_key(snapshot(environment={"PYTHONPATH": "/x"})).start_environment == (("PYTHONPATH", "/x"),)


def test_what_is_mounted():
    mounts = mounts_of(snapshot(dependencies=Path("/deps"), layers=(Path("/layer"),)))
    assert [(str(mount.source), mount.target) for mount in mounts] == [
        ("/code", "/var/task"),
        ("/deps", "/var/dependencies"),
        ("/layer", "/opt"),
    ]
