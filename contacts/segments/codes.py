"""What rules may say of live codes. The codes belong to an upper app, which registers them here;
the friendships that carry their states are ours."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from scrm.accounts.models import User


@dataclass(frozen=True, slots=True)
class Codes:
    names: Callable[[Collection[int]], Mapping[int, str]]
    # What a person may choose: (id, name).
    options: Callable[[User], list[tuple[int, str]]]
    # Subquery of the channel states of some codes.
    states: Callable[[Collection[int]], Any]
    # Code ids by channel state; states of nobody's code are missing.
    ids: Callable[[Iterable[str]], Mapping[str, int]]


NOTHING = Codes(lambda ids: {}, lambda user: [], lambda ids: [], lambda states: {})
_known = [NOTHING]


def register(codes: Codes) -> None:
    """Called in the upper app's AppConfig.ready."""
    _known[:] = [codes]


def known() -> Codes:
    return _known[0]
