"""Request id and address of the act in progress, for every audit row written during it."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    request_id: str = ""
    ip: str | None = None


current: ContextVar[Origin] = ContextVar("audit_origin", default=Origin())  # noqa: B039
