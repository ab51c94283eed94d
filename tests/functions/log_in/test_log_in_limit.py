"""Attempts to log in: counted by name and address, forgotten after a while, and nobody kept out without Redis."""

import pytest
import redis

from functions.log_in_limit import PER_ADDRESS, PER_NAME, PER_NAME_AND_ADDRESS, WINDOW_S, LogInLimit

pytestmark = pytest.mark.redis
HERE, THERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def limit(redis_client) -> LogInLimit:
    return LogInLimit(redis_client, "functory:test:")


def fail(limit, name, address, times):
    for _ in range(times):
        limit.failed(name, address)


def test_a_name_is_not_heard_from_an_address_after_too_many(limit):
    fail(limit, "ada", HERE, PER_NAME_AND_ADDRESS - 1)
    assert limit.wait_s("ada", HERE) == 0
    limit.failed("ada", HERE)
    assert 0 < limit.wait_s("ada", HERE) <= WINDOW_S
    assert limit.wait_s("Ada", HERE) > 0
    assert limit.wait_s("ada", THERE) == 0
    assert limit.wait_s("grace", HERE) == 0


def test_an_address_that_tries_many_names_is_not_heard(limit):
    for number in range(PER_ADDRESS):
        limit.failed(f"name-{number}", HERE)
    assert limit.wait_s("ada", HERE) > 0
    assert limit.wait_s("ada", THERE) == 0


def test_a_name_that_many_addresses_try_is_not_heard(limit):
    for number in range(PER_NAME):
        limit.failed("ada", f"198.51.100.{number}")
    assert limit.wait_s("ada", HERE) > 0
    assert limit.wait_s("grace", HERE) == 0


def test_success_forgets_what_was_mistyped_here_and_not_the_rest(limit):
    fail(limit, "ada", HERE, PER_NAME_AND_ADDRESS - 1)
    limit.succeeded("ada", HERE)
    fail(limit, "ada", HERE, PER_NAME_AND_ADDRESS - 1)
    assert limit.wait_s("ada", HERE) == 0
    for number in range(PER_NAME - 2 * (PER_NAME_AND_ADDRESS - 1)):
        limit.failed("ada", f"198.51.100.{number}")
    assert limit.wait_s("ada", THERE) > 0


def test_more_attempts_do_not_make_the_wait_longer(limit, redis_client):
    fail(limit, "ada", HERE, PER_NAME_AND_ADDRESS)
    for key in redis_client.keys("functory:test:*"):
        redis_client.expire(key, 60)
    limit.failed("ada", HERE)
    assert limit.wait_s("ada", HERE) <= 60


def test_what_was_typed_is_not_kept_in_clear(limit, redis_client):
    limit.failed("my-password-in-the-wrong-field", HERE)
    assert not [key for key in redis_client.keys("*") if b"password" in key or b"192" in key]


def test_without_redis_nobody_is_kept_out():
    limit = LogInLimit(redis.Redis.from_url("unix:///nonexistent/redis.sock"), "functory:test:")
    fail(limit, "ada", HERE, 2)
    limit.succeeded("ada", HERE)
    assert limit.wait_s("ada", HERE) == 0
