"""A bank of its own for a benchmark: durable PostgreSQL in a temporary folder, migrated, with a cast.

What is written must be as safe as in production, so the throw-away settings of tests are not used.
Benchmarks of a large store take BENCH_STORE, a folder in which it stays for the next of them.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scrm import embedded


@contextmanager
def bank(*, kept: str = "") -> Iterator[Path]:
    """Yields the folder of the bank; Django is set up on its database. One bank a process.

    With `kept` the bank is in that folder, and stays there."""
    folder = Path(kept or tempfile.mkdtemp(prefix="scrm-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    os.environ["SCRM_VAR"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "scrm.settings.demo"
    os.environ["DATABASE_URL"] = embedded.start_postgres(folder / "postgres")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    # The bell must be answered: waiting for a broker that is not there would be measured instead.
    port = embedded.free_port()
    os.environ["REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
    broker = embedded.start_redis(port, folder / "redis")
    try:
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        yield folder
    finally:
        from django.db import connections

        connections.close_all()
        broker.kill()
        broker.wait()
        # A kept server stops with this process.
        if not kept:
            embedded.remove_postgres(folder / "postgres")
            shutil.rmtree(folder, ignore_errors=True)
