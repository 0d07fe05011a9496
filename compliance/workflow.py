"""The life of an alert as pure functions: who may do what next, and what it then is. No database.

A Situation is what the rules need to know of an alert; each act gives the next Situation or
refuses with one sentence. compliance.alerts puts these acts on locked rows.
"""

import datetime
from dataclasses import dataclass, replace

from scrm.core.errors import BusinessError, FourEyes, IllegalTransition
from scrm.core.states import can_move, moves

NEW, CLAIMED, SECOND, DISPUTED = "new", "claimed", "awaiting_second", "disputed"
DISMISSED, CONFIRMED = "dismissed", "confirmed"
STATES = (NEW, CLAIMED, SECOND, DISPUTED, DISMISSED, CONFIRMED)
OPEN = (NEW, CLAIMED, SECOND, DISPUTED)
MOVES = moves(
    new="claimed dismissed",
    claimed="new claimed awaiting_second dismissed confirmed",
    awaiting_second="disputed dismissed confirmed",
    disputed="claimed",
    dismissed="new",
    confirmed="new",
)
CLAIM_LASTS = datetime.timedelta(minutes=30)
SECOND_PERSON_FROM = 3
HEAD_OFFICE_FROM = 4
ALONE_UP_TO = 1  # Severity that a rule or a bulk decision may settle.
TOP_LEVEL = 2
DISMISS, CONFIRM, ESCALATE = "dismiss", "confirm", "escalate"
DECISIONS = {DISMISS: "排除", CONFIRM: "确认违规", ESCALATE: "升级上报"}


@dataclass(frozen=True, slots=True)
class Person:
    pk: int
    head_office: bool = False
    # Why this person must stay out of this alert; empty: nothing against it.
    conflict: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    state: str = NEW
    severity: int = 1
    claimed_by: int | None = None
    active_at: datetime.datetime | None = None
    first_by: int | None = None
    first_head_office: bool = False
    proposal: str = ""
    level: int = 0


def _to(now: Situation, state: str, **changes: object) -> Situation:
    if not can_move(MOVES, now.state, state):
        raise IllegalTransition(
            "这条预警的状态已经变了，请刷新页面查看最新状态。", code="illegal_transition"
        )
    return replace(now, state=state, **changes)  # type: ignore[arg-type]


def _admit(who: Person) -> None:
    if who.conflict:
        raise FourEyes(who.conflict, code="conflict")


def is_lapsed(now: Situation, at: datetime.datetime) -> bool:
    """A claim of which nothing was seen for 30 minutes; anybody may take over."""
    return now.active_at is None or at - now.active_at > CLAIM_LASTS


def held_by_another(now: Situation, who: Person, at: datetime.datetime) -> bool:
    return now.state == CLAIMED and now.claimed_by != who.pk and not is_lapsed(now, at)


def claim(now: Situation, who: Person, at: datetime.datetime) -> Situation:
    _admit(who)
    if now.state == SECOND:
        raise BusinessError("这条预警正在等待复核，请直接给出复核意见。")
    if held_by_another(now, who, at):
        raise BusinessError("这条预警已由别人领取，请处理下一条。", code="claimed")
    return _to(now, CLAIMED, claimed_by=who.pk, active_at=at)


def release(now: Situation, who: Person) -> Situation:
    _admit(who)
    if now.state != CLAIMED or now.claimed_by != who.pk:
        raise BusinessError("只能释放自己领取的预警。")
    return _to(now, NEW, claimed_by=None, active_at=None)


def decide(
    now: Situation, who: Person, decision: str, at: datetime.datetime
) -> tuple[Situation, str]:
    """Next situation and the step that was taken: sole, first, second or dispute."""
    if decision not in DECISIONS:
        raise BusinessError("请选择排除、确认违规或升级上报。")
    _admit(who)
    if now.state == SECOND:
        return _second(now, who, decision)
    held = claim(now, who, at)
    if held.severity < SECOND_PERSON_FROM:
        return _ended(held, decision), "sole"
    proposed = _to(
        held, SECOND, first_by=who.pk, first_head_office=who.head_office, proposal=decision
    )
    return proposed, "first"


def _second(now: Situation, who: Person, decision: str) -> tuple[Situation, str]:
    if now.first_by == who.pk:
        raise FourEyes("S3 及以上需要两个人：不能复核自己提出的结论。", code="four_eyes")
    if decision != now.proposal:
        # Two people disagree: one level up, and the next conclusion needs two people again.
        level = min(TOP_LEVEL, now.level + 1)
        return _to(now, DISPUTED, claimed_by=None, active_at=None, level=level, **_BLANK), "dispute"
    if now.severity >= HEAD_OFFICE_FROM and not (who.head_office or now.first_head_office):
        raise FourEyes("S4 需要总行合规人员参与：请由总行合规人员复核。", code="head_office")
    return _ended(now, decision), "second"


_BLANK: dict[str, object] = {"first_by": None, "first_head_office": False, "proposal": ""}


def _ended(now: Situation, decision: str) -> Situation:
    return _to(now, DISMISSED if decision == DISMISS else CONFIRMED, proposal=decision)


def settle_by_rule(now: Situation) -> Situation:
    """An approved auto-review rule closes what nobody has taken up, S0 and S1 only."""
    if now.severity > ALONE_UP_TO:
        raise BusinessError("自动规则只能处理 S0–S1。", code="severity")
    if now.state != NEW:
        raise IllegalTransition("自动规则只处理没有人领取的预警。", code="illegal_transition")
    return _to(now, DISMISSED, proposal=DISMISS)


def reopen(now: Situation, who: Person) -> Situation:
    """Decided, and to be looked at again from the start."""
    _admit(who)
    if now.state in OPEN:
        raise IllegalTransition("这条预警还没有结论，不需要重新打开。", code="illegal_transition")
    return _to(now, NEW, claimed_by=None, active_at=None, **_BLANK)


def overdue(now: Situation, at: datetime.datetime) -> Situation:
    """One level up, out of the hands of whoever let it lie."""
    if now.state not in OPEN:
        raise IllegalTransition("已经有结论。", code="illegal_transition")
    raised = replace(now, level=min(TOP_LEVEL, now.level + 1))
    if now.state == CLAIMED and is_lapsed(now, at):
        return _to(raised, NEW, claimed_by=None, active_at=None)
    return raised
