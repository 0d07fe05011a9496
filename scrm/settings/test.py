"""Tests: the demo's shape on throw-away stores of their own, and cheap password hashes."""

import atexit
import os

from scrm import embedded, local

os.environ.setdefault("SCRM_VAR", str(local.ROOT / "var" / "test"))
os.environ.setdefault("SCRM_QUICK_DB", "1")
if "REDIS_URL" not in os.environ:
    # The first process starts it; parallel test workers inherit its address.
    _port = embedded.free_port()
    atexit.register(embedded.start_redis(_port, local.var_dir() / "redis").kill)
    os.environ["REDIS_URL"] = f"redis://127.0.0.1:{_port}/0"

from scrm.settings.demo import *  # noqa: F403

# Each parallel worker has a Redis database of its own, as it has a PostgreSQL database of its own.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
REDIS_URL = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{int(_worker) % 15 + 1}"
CELERY_BROKER_URL = REDIS_URL
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AXES_ENABLED = False
ALLOWED_HOSTS = ["*"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
# Looks files up when asked: a scan of all of them for each test client took 0.2 s a client.
WHITENOISE_AUTOREFRESH = True
