"""Which role may see and do what. Every view names one of these; without a name it is closed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

RM, ADMIN, OFFICER, HQ, AUDITOR = "rm", "branch_admin", "compliance", "hq_admin", "auditor"
EVERYONE = frozenset({RM, ADMIN, OFFICER, HQ, AUDITOR})
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Access:
    """see: roles that may read the page; act: roles that may change something through it."""

    see: frozenset[str]
    act: frozenset[str]

    def allows(self, role: str, method: str) -> bool:
        return role in (self.see if method in {"GET", "HEAD", "OPTIONS"} else self.act)


def access(
    see: set[str] | frozenset[str], act: set[str] | frozenset[str] = frozenset()
) -> Callable[[View], View]:
    """Declares who may GET a view and who may POST to it (nobody unless named)."""

    def declare(view: View) -> View:
        view.access = Access(frozenset(see), frozenset(act))  # type: ignore[attr-defined]
        return view

    return declare
