"""What an engine says of stored messages, and what it was given to say so. Nothing is stored here.

Words cut in two are found by scanning a message together with what the same person wrote in the
same conversation within the two minutes before.
"""

import datetime
import logging
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from django.utils import timezone

from compliance.lexicon import Engine, ScanContext, ScanFailed, ScanResult
from compliance.models import ArchivedMessage
from contacts.models import Customer
from scrm.core import bulk
from scrm.core.crypto import DecryptionFailed

logger = logging.getLogger(__name__)
# What judging and raising alerts need of a message.
READ = (
    "action",
    "content",
    "envelope_id",
    "from_staff",
    "conversation",
    "sender",
    "sent_at",
    "customer_id",
    "user_id",
)
_EARLIER = ("content", "envelope_id", "conversation", "sender", "sent_at")
_READER = ("birthday", "risk_level", "risk_expires_on")
_JOIN_WITHIN = datetime.timedelta(minutes=2)
Found = dict[str, Any]
# As stored with the decision: "age" and "level" of the customer who reads, "before" the key of the
# message it was read together with; what was not known is left out.
Given = dict[str, Any]
_BY_CUSTOMER, _NOBODY_KNOWN = ScanContext(speaker="customer"), ScanContext()
_NOTHING: Given = {}


class Judged(NamedTuple):
    message: ArchivedMessage
    result: ScanResult
    findings: list[Found]
    severity: int | None
    given: Given


class _Case(NamedTuple):
    """A message with all that the engine is given about it."""

    message: ArchivedMessage
    text: str
    given: Given
    before: str

    @property
    def context(self) -> ScanContext:
        if not self.message.from_staff:
            return _BY_CUSTOMER
        if not self.given:
            return _NOBODY_KNOWN
        return _context(self.given.get("age"), self.given.get("level"))


@lru_cache(maxsize=1024)
def _context(age: int | None, level: str | None) -> ScanContext:
    return ScanContext(recipient_age=age, recipient_risk_level=level)


def judge_batch(batch: list[ArchivedMessage], engine: Engine) -> tuple[list[Judged], int]:
    """(what the engine says of each message, how many it could not scan)."""
    readers, earlier = _readers(batch), _earlier(batch)
    cases = []
    for message in batch:
        text = _opened(message)
        if text is not None:
            reader = message.customer_id if message.from_staff else None
            given = readers.get(reader or 0, _NOTHING)
            cases.append(_case(message, text, given, earlier.get(message.id)))
    judged = _judged(engine, cases)
    return judged, len(batch) - len(judged)


def judge_again(message: ArchivedMessage, given: Given | None, engine: Engine) -> Judged:
    """The decision as it was made with that; None, of older decisions, stands for what is known
    today. Raises ScanFailed."""
    if given is None:
        judged, _ = judge_batch([message], engine)
    else:
        before = ArchivedMessage.objects.filter(pk=given.get("before", 0)).first()
        judged = _judged(engine, [_case(message, _opened(message) or "", given, before)])
    if not judged:
        raise ScanFailed("the message cannot be scanned now")
    return judged[0]


def _case(
    message: ArchivedMessage, text: str, given: Given, before: ArchivedMessage | None
) -> _Case:
    said = before and _opened(before)
    if not before or not said:
        return _Case(message, text, given, "")
    return _Case(message, text, {**given, "before": before.pk}, said)


def _opened(message: ArchivedMessage) -> str | None:
    """One that does not open must not keep the others from being judged."""
    try:
        return str(message.text)
    except (DecryptionFailed, ValueError):
        logger.error("the text of archived message %s does not open", message.pk)
        return None


def _judged(engine: Engine, cases: list[_Case]) -> list[Judged]:
    contexts = [case.context for case in cases]
    pairs = [(c, context) for c, context in zip(cases, contexts, strict=True) if c.before]
    # All at once: a call costs something by itself.
    results = engine.scan_many(
        [*(case.text for case in cases), *(case.before + case.text for case, _ in pairs)],
        [*contexts, *(context for _, context in pairs)],
    )
    alone, joined = results[: len(cases)], _joined(engine, pairs, results[len(cases) :])
    judged: list[Judged] = []
    for case, result in zip(cases, alone, strict=True):
        together = joined.get(case.message.id, [])
        if isinstance(result, ScanFailed) or isinstance(together, ScanFailed):
            # Left without a scan: the sweeper tries again and the board counts it until then.
            logger.error("archived message %s could not be scanned", case.message.pk)
        else:
            judged.append(_sum(case, result, together))
    return judged


def _sum(case: _Case, result: ScanResult, together: list[Found]) -> Judged:
    findings = list(result.to_json()["findings"]) if result.findings else []
    known = {found["rule_id"] for found in findings}
    findings += [found for found in together if found["rule_id"] not in known]
    if not findings:
        return Judged(case.message, result, findings, None, case.given)
    severity = max(found["severity"] for found in findings)
    return Judged(case.message, result, findings, severity, case.given)


def _joined(
    engine: Engine,
    pairs: list[tuple[_Case, ScanContext]],
    both: Sequence[ScanResult | ScanFailed],
) -> dict[int, list[Found] | ScanFailed]:
    """Message → what only it and the one before it say together; spans are those inside it."""
    found: dict[int, list[Found] | ScanFailed] = {}
    for (case, context), result in zip(pairs, both, strict=True):
        if isinstance(result, ScanFailed):
            found[case.message.id] = result
        elif result.findings:
            found[case.message.id] = _only_joined(engine, case.before, context, result)
    return found


def _only_joined(
    engine: Engine, before: str, context: ScanContext, joined: ScanResult
) -> list[Found] | ScanFailed:
    first = engine.scan_many([before], [context])[0]
    if isinstance(first, ScanFailed):
        return first
    known, cut = {finding.rule_id for finding in first.findings}, len(before)
    return [
        {
            **found,
            "start": max(0, found["start"] - cut),
            "end": max(0, found["end"] - cut),
            "explanation": f"{found['explanation']}（与两分钟内的上一条消息连读）",
        }
        for found in joined.to_json()["findings"]
        if found["rule_id"] not in known
    ]


def _readers(batch: list[ArchivedMessage]) -> dict[int, Given]:
    """Who reads each message: an old or very cautious customer makes a promise weigh more."""
    ids = {m.customer_id for m in batch if m.from_staff and m.customer_id}
    rows = bulk.read(Customer.objects.filter(pk__any_of=ids), _READER)
    today = timezone.localdate()
    return {row.pk: _reader(row, today) for row in rows}


def _reader(customer: Customer, today: datetime.date) -> Given:
    level = customer.valid_risk_level(today)
    known = {"age": _age(customer, today), "level": f"C{level}" if level else None}
    return {name: value for name, value in known.items() if value is not None}


def _age(customer: Customer, today: datetime.date) -> int | None:
    born = customer.birthday
    if born is None:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _earlier(batch: list[ArchivedMessage]) -> dict[int, ArchivedMessage]:
    """For each message of an employee: what the same person wrote just before it."""
    spoken = [m for m in batch if m.from_staff and m.conversation and m.action == "send"]
    if not spoken:
        return {}
    times = [message.sent_at for message in spoken]
    stored = ArchivedMessage.objects.filter(
        conversation__any_of={message.conversation for message in spoken},
        sent_at__range=(min(times) - _JOIN_WITHIN, max(times)),
        action="send",
        from_staff=True,
        id__none_of=[message.id for message in spoken],
    )
    others = bulk.read(stored, _EARLIER)
    near = sorted([*spoken, *others], key=lambda message: (message.sent_at, message.id))
    return dict(_neighbours(near, {message.id for message in spoken}))


def _neighbours(
    rows: Iterable[ArchivedMessage], wanted: set[int]
) -> Iterable[tuple[int, ArchivedMessage]]:
    last: dict[tuple[str, str], ArchivedMessage] = {}
    for message in rows:
        key = (message.conversation, message.sender)
        previous = last.get(key)
        if previous and message.id in wanted and message.sent_at - previous.sent_at <= _JOIN_WITHIN:
            yield message.id, previous
        last[key] = message
