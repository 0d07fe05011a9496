"""What a check says: how it stands, what was found, and what to do about it."""

from dataclasses import dataclass

from django.db.models import TextChoices


class State(TextChoices):
    OK = "ok", "正常"
    WARN = "warn", "注意"
    FAIL = "fail", "异常"
    UNKNOWN = "unknown", "未知"


_COLOURS = {State.OK: "green", State.WARN: "yellow", State.FAIL: "red", State.UNKNOWN: "secondary"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`found` and `mend` are one Chinese line each; a check in order needs no mend."""

    state: State
    found: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    state: State
    found: str
    mend: str

    @property
    def colour(self) -> str:
        return _COLOURS[self.state]


def ok(found: str) -> Outcome:
    return Outcome(State.OK, found)


def warn(found: str, mend: str) -> Outcome:
    return Outcome(State.WARN, found, mend)


def fail(found: str, mend: str) -> Outcome:
    return Outcome(State.FAIL, found, mend)


def unknown(found: str, mend: str) -> Outcome:
    return Outcome(State.UNKNOWN, found, mend)
