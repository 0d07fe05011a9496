"""Numbers of the settings that the bank may change while the system runs.

A lower app asks here; whoever keeps the changes fills the source in its AppConfig.ready.
"""

from collections.abc import Callable

from django.conf import settings

Source = Callable[[str], int | None]
_sources: list[Source] = []


def source(ask: Source) -> Source:
    """Registers who knows the changed values; it answers None for one that nobody changed."""
    _sources.append(ask)
    return ask


def number(name: str) -> int:
    """The value in force of that setting."""
    for ask in _sources:
        value = ask(name)
        if value is not None:
            return value
    return default(name)


def default(name: str) -> int:
    """What the deployment says."""
    return int(getattr(settings, name))
