"""A real Redis, since the counters are its own."""

from tests.support.redis_server import redis_client, redis_server, shared_redis_server

__all__ = ["redis_client", "redis_server", "shared_redis_server"]
