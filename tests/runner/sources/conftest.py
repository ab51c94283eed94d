"""A stand-in for the gateway, and the Redis server of tests."""

from tests.runner.jobs.conftest import gateway
from tests.support.redis_server import redis_client, redis_server, shared_redis_server

__all__ = ["gateway", "redis_client", "redis_server", "shared_redis_server"]
