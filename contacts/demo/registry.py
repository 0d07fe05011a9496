"""What upper apps add to the demo bank: contents, scripts, lexicons, campaigns.

An upper app appends in AppConfig.ready; its function is called once, with the seed's Random, when
branches, people, customers, tags and segments exist, and inside the same database transaction.
"""

from collections.abc import Callable
from random import Random

Seeder = Callable[[Random], None]
SEEDERS: list[Seeder] = []


def seeder(fn: Seeder) -> Seeder:
    """Registers `fn(random)`; a second registration of the same function changes nothing."""
    if fn not in SEEDERS:
        SEEDERS.append(fn)
    return fn


def run_seeders(seed: int) -> None:
    for fn in SEEDERS:
        # Each gets its own stream: one app's draws must not move another's.
        fn(Random(f"{seed}:{fn.__module__}.{fn.__qualname__}"))
