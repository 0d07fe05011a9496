"""Redis, as far as the processes of one bank share tokens and limits of WeCom through it."""

from functools import cache

import redis
from django.conf import settings


@cache
def shared() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=2)
