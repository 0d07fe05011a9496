"""Draws a plan's sample, and takes what reviewers find."""

import datetime
import secrets
from collections import defaultdict
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from compliance.archive.records import UNREADABLE
from compliance.conflicts import conflict_with
from compliance.models import Alert, ArchivedMessage, Sample, SamplingPlan
from compliance.raising import Cause, alerts_raise
from compliance.sampling.draw import draw
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core.errors import BusinessError, FourEyes

Result = Sample.Result
_LONGEST = datetime.timedelta(days=92)
# (key, user, severity)
Row = tuple[int, int, int | None]


@transaction.atomic
def plan_draw(*, values: dict[str, Any], actor: User, seed: str = "") -> SamplingPlan:
    """values: name, branch, since, until, percent, minimum. Without a seed one is drawn."""
    plan = SamplingPlan(created_by=actor, seed=seed or secrets.token_hex(8), **values)
    _check(plan, actor)
    complaints = set(_complaints(plan))
    people, strata = _strata(plan, complaints)
    taken = draw(strata, seed=plan.seed, percent=float(plan.percent), minimum=plan.minimum)
    plan.population, plan.strata = sum(map(len, strata.values())), len(strata)
    if not taken and not complaints:
        raise BusinessError("这段时间和范围内没有员工消息，没有可抽的样本。")
    plan.save()
    stratum_of = {pk: layer for (_, layer), keys in strata.items() for pk in keys}
    people |= dict(complaints)
    rows = [
        Sample(plan=plan, message_id=pk, user_id=people[pk], stratum=stratum_of[pk]) for pk in taken
    ]
    rows += [
        Sample(plan=plan, message_id=pk, user_id=user, stratum="complaint", always=True)
        for pk, user in sorted(complaints)
    ]
    Sample.objects.bulk_create(rows, batch_size=1000)
    after = {"种子": plan.seed, "总体": plan.population, "样本": len(rows)}
    record("sampling.draw", actor=actor, obj=plan, after=after)
    return plan


def _check(plan: SamplingPlan, actor: User) -> None:
    if plan.since > plan.until:
        raise BusinessError("开始日期晚于结束日期。")
    if plan.until - plan.since > _LONGEST:
        raise BusinessError("一次最多抽 92 天的会话，请缩短日期。")
    if not 0 < plan.percent <= 100:
        raise BusinessError("抽样比例要在 0 到 100 之间。")
    if not plan.branch.path.startswith(actor.branch.path):
        raise BusinessError("只能抽检自己机构及下级的会话。")


def _window(plan: SamplingPlan) -> tuple[datetime.datetime, datetime.datetime]:
    midnight = datetime.time.min
    first = timezone.make_aware(datetime.datetime.combine(plan.since, midnight))
    last = datetime.datetime.combine(plan.until + datetime.timedelta(days=1), midnight)
    return first, timezone.make_aware(last)


def _messages(plan: SamplingPlan) -> Any:
    first, last = _window(plan)
    return ArchivedMessage.objects.filter(
        sent_at__gte=first, sent_at__lt=last, user__branch__path__startswith=plan.branch.path
    ).exclude(msgtype__in=UNREADABLE)


def _complaints(plan: SamplingPlan) -> list[tuple[int, int]]:
    """(message, employee) of every complaint: these are never left to chance."""
    first, last = _window(plan)
    rows = Alert.objects.filter(
        category="complaint",
        message__sent_at__gte=first,
        message__sent_at__lt=last,
        branch__path__startswith=plan.branch.path,
    )
    return list(rows.values_list("message_id", "user_id"))  # type: ignore[arg-type]


def _strata(
    plan: SamplingPlan, complaints: set[tuple[int, int]]
) -> tuple[dict[int, int], dict[tuple[int, str], list[int]]]:
    """({message: employee}, {(employee, severity class): messages}) of what employees said."""
    rows = (
        _messages(plan)
        .filter(from_staff=True, action="send")
        .annotate(worst=Max("scans__severity"))
        .values_list("pk", "user_id", "worst")
    )
    always = {pk for pk, _ in complaints}
    people: dict[int, int] = {}
    strata: dict[tuple[int, str], list[int]] = defaultdict(list)
    for pk, user, worst in rows.iterator(chunk_size=5000):
        if pk in always:
            continue
        people[pk] = user
        strata[user, layer_of(worst)].append(pk)
    return people, strata


def layer_of(severity: int | None) -> str:
    if severity is None:
        return "clean"
    return "light" if severity <= 1 else "grave"


@transaction.atomic
def sample_review(
    *, sample: Sample, result: str, note: str, actor: User, severity: int = 2
) -> Sample:
    """pass or violation, once; a violation that no alert covers yet raises one."""
    if result not in {Result.PASS, Result.VIOLATION}:
        raise BusinessError("请选择合格或违规。")
    if result == Result.VIOLATION and not note.strip():
        raise BusinessError("判为违规请写明违反了什么。")
    row = (
        Sample.objects.select_for_update(of=("self",))
        .select_related("user", "message")
        .get(pk=sample.pk)
    )
    _admit(row, actor)
    row.result, row.note = result, note.strip()[:300]
    row.reviewed_by, row.reviewed_at = actor, timezone.now()
    row.save()
    if result == Result.VIOLATION:
        _alert(row, severity)
    after = {"结论": row.get_result_display(), "plan": row.plan_id}
    record("sampling.review", actor=actor, obj=row, after=after, reason=row.note)
    return row


def _admit(row: Sample, actor: User) -> None:
    if row.result != Result.PENDING:
        raise BusinessError("这条样本已经判定，不能更改；需要更正请在审核台处理对应预警。")
    reason = conflict_with(row.user, actor)
    if reason:
        raise FourEyes(reason, code="conflict")


def _alert(row: Sample, severity: int) -> None:
    cause = Cause(
        user=row.user,
        customer_id=row.message.customer_id,
        severity=min(4, max(1, severity)),
        category="sampling",
        message=row.message,
        scan=row.message.scans.order_by("-id").first(),
        rule_id="sampling",
        subject=Alert.Subject.SAMPLE,
        title="抽检判为违规",
        facts=[["抽检说明", row.note]],
        condition=f"sample:{row.message_id}",
    )
    alerts_raise([cause])
