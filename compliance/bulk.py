"""Deciding many light alerts at once: at most 50, S0 and S1 only; tells what it skipped, and why."""

from dataclasses import dataclass

from django.db import transaction

from compliance import alerts, workflow
from compliance.models import Alert
from scrm.accounts.models import User
from scrm.core.errors import BusinessError

MOST = 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """done: keys of the decided alerts; skipped: {key: why}."""

    done: list[int]
    skipped: dict[int, str]


@transaction.atomic
def alerts_decide(*, keys: list[int], decision: str, reason: str, actor: User) -> Outcome:
    """dismiss or confirm for all of them; one grave alert among them refuses the whole."""
    _check(keys, decision, reason)
    # One order for everyone: two people with overlapping choices wait, they do not deadlock.
    rows = list(Alert.objects.visible_to(actor).filter(pk__in=keys).order_by("pk"))
    if any(row.severity > workflow.ALONE_UP_TO for row in rows):
        raise BusinessError("批量处理只能用于 S0–S1；请取消勾选 S2 及以上的预警。", code="severity")
    done, skipped = [], dict.fromkeys(set(keys) - {row.pk for row in rows}, "不在你的范围内")
    for row in rows:
        try:
            alert = alerts.locked(row)
            alerts.decide_locked(alert, decision, reason.strip()[:500], actor, None, bulk=True)
            done.append(row.pk)
        except BusinessError as error:
            skipped[row.pk] = error.message
    return Outcome(done, skipped)


def _check(keys: list[int], decision: str, reason: str) -> None:
    if not keys:
        raise BusinessError("请先勾选要处理的预警。")
    if len(keys) > MOST:
        raise BusinessError(f"一次最多处理 {MOST} 条，现在勾选了 {len(keys)} 条。", code="too_many")
    if decision not in {workflow.DISMISS, workflow.CONFIRM}:
        raise BusinessError("批量处理只能排除或确认，升级上报请逐条处理。")
    if not reason.strip():
        raise BusinessError("请写明理由，处理结论要能说明依据。")
