"""A stand-in for the gateway, and the Redis server of tests."""

import pytest

from tests.support.redis_server import redis_client, redis_server, shared_redis_server
from tests.support.stand_in_gateway import stand_in_gateway

__all__ = ["redis_client", "redis_server", "shared_redis_server"]


@pytest.fixture
def gateway(config):
    """Answers on the internal socket."""
    with stand_in_gateway(config.gateway_socket) as gateway:
        yield gateway
