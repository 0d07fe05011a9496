"""Who acts: a signed-in user, or the system itself under a name."""

from dataclasses import dataclass
from typing import Protocol


class Actor(Protocol):
    """What services and the audit trail need to know of whoever acts."""

    @property
    def pk(self) -> int | None: ...
    @property
    def display_name(self) -> str: ...
    @property
    def role(self) -> str: ...


@dataclass(frozen=True, slots=True)
class SystemActor:
    display_name: str
    role: str = "system"
    pk: None = None


SYSTEM = SystemActor("系统")
