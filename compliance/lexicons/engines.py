"""The engines that this process holds, and which version is in force.

Which version is in force is asked at most once a second by one small query, so that a new lexicon
reaches every worker without a message and without Redis. A version with a date ahead is in force
from that moment on, whether or not the periodic task has already moved its row.
"""

import datetime
import time
from dataclasses import dataclass, field, replace

from django.db.models import F, Q
from django.utils import timezone

from compliance.lexicon import Engine, LexiconData, LexiconInvalid, ScanFailed, Term
from compliance.models import LexiconVersion
from scrm.core import faults
from scrm.core.collector import resting

State = LexiconVersion.State
_RECHECK_SECONDS = 1.0
_KEPT_ENGINES = 3
_EVER = datetime.date.max


class NoLexicon(ScanFailed):
    """No usable lexicon is in force; whatever was to be scanned must be held."""


@dataclass(slots=True)
class _Held:
    """What this process holds; values are replaced whole, so that threads never see half."""

    in_force: tuple[Engine, float] | None = None
    # By version, digest and the day for which the terms were chosen.
    engines: dict[tuple[str, str, datetime.date], Engine] = field(default_factory=dict)


_held = _Held()


def active_version() -> LexiconVersion | None:
    """The version in force now."""
    due = Q(state=State.APPROVED, effective_at__lte=timezone.now())
    rows = LexiconVersion.objects.filter(due | Q(state=State.ACTIVE))
    return rows.order_by(F("effective_at").desc(nulls_last=True)).first()


def pending_version() -> LexiconVersion | None:
    """The version that is approved for a moment ahead."""
    rows = LexiconVersion.objects.filter(state=State.APPROVED, effective_at__gt=timezone.now())
    return rows.first()


def active_engine() -> Engine:
    """The engine of the version in force; raises NoLexicon."""
    now, held = time.monotonic(), _held.in_force
    if held and now - held[1] < _RECHECK_SECONDS:
        return held[0]
    version = active_version()
    if version is None:
        forget()
        raise NoLexicon("no lexicon version is active")
    engine = engine_of(version)
    _held.in_force = (engine, now)
    return engine


def forget() -> None:
    """The next scan in this process asks the database which lexicon is in force."""
    _held.in_force = None


def engine_of(version: LexiconVersion, day: datetime.date | None = None) -> Engine:
    """The engine of any version, draft or not, with the terms of that day (today).

    Raises NoLexicon. Kept like those in force.
    """
    return _engine(version, day or timezone.localdate())


def whole_engine(version: LexiconVersion) -> Engine:
    """The engine with every term of the version, also those whose days have not come."""
    return _engine(version, _EVER)


def _engine(version: LexiconVersion, day: datetime.date) -> Engine:
    key = (version.number, version.digest, day)
    return _held.engines.get(key) or _keep(key, _built(version, day))


def _keep(key: tuple[str, str, datetime.date], engine: Engine) -> Engine:
    kept = list(_held.engines.items())[1 - _KEPT_ENGINES :]
    _held.engines = {**dict(kept), key: engine}
    return engine


def lexicon_data(version: LexiconVersion) -> LexiconData:
    """The version's rows as the engine takes them."""
    columns = ("text", "category", "severity", "kind", "rule_id", "target", "since", "until")
    rows = version.terms.values_list(*columns)
    return LexiconData(version.number, tuple(_term(*row) for row in rows))


def _term(*row: str | int | datetime.date | None) -> Term:
    *cells, since, until = row
    term = Term(*cells)  # type: ignore[arg-type]
    return replace(term, since=_iso(since), until=_iso(until))


def _iso(day: object) -> str:
    return day.isoformat() if isinstance(day, datetime.date) else ""


def _built(version: LexiconVersion, day: datetime.date) -> Engine:
    data = lexicon_data(version)
    faults.reach("F14")
    # Rows that no longer add up to what a second person approved are as good as none.
    if data.digest != version.digest:
        raise NoLexicon(f"lexicon {version.number} does not match its digest")
    chosen = data if day == _EVER else data.on(day)
    if same := _already(version, chosen):
        return same
    try:
        with resting():
            return Engine.build(chosen)
    except LexiconInvalid as error:
        raise NoLexicon(f"lexicon {version.number} is invalid") from error


def check(version: LexiconVersion) -> None:
    """Raises NoLexicon where the stored rows are not those of the version, or no usable lexicon."""
    _built(version, _EVER)


def _already(version: LexiconVersion, data: LexiconData) -> Engine | None:
    """Yesterday's engine where no term began or ended overnight: midnight stops no worker."""
    digest = data.digest
    held = (engine for key, engine in _held.engines.items() if key[0] == version.number)
    return next((engine for engine in held if engine.digest == digest), None)


def complaint_words() -> tuple[str, ...]:
    """What customers say who complain, by the lexicon in force; raises NoLexicon."""
    terms = active_engine().data.terms
    return tuple(sorted(term.text for term in terms if term.kind == "complaint"))
