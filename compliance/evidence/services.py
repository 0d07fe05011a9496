"""Asking for a package, a second person's agreement, building, handing out."""

import datetime
import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from compliance.archive.records import UNREADABLE
from compliance.conflicts import conflict_of
from compliance.evidence import build
from compliance.models import ArchivedMessage, Case, EvidencePackage
from compliance.selectors import search
from compliance.selectors.search import Query
from compliance.signals import evidence_due
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core import masking
from scrm.core.actors import SystemActor
from scrm.core.errors import BusinessError, FourEyes
from scrm.core.states import move, moves

logger = logging.getLogger(__name__)
State = EvidencePackage.State
MOVES = moves(
    pending="approved refused",
    approved="building",
    building="ready failed approved",
    ready="expired",
)
MOST = 5000
# Around the message that a case is about.
CASE_PERIOD = datetime.timedelta(days=1)
_STUCK = datetime.timedelta(minutes=15)
_BUILDER = SystemActor("证据包生成")


def evidence_request_case(*, case: Case, reason: str, actor: User) -> EvidencePackage:
    """The whole conversation of the case's message, a day before and after it."""
    why = conflict_of(case.alert, actor)
    if why:
        raise FourEyes(why, code="conflict")
    message = case.alert.message
    if message is None:
        raise BusinessError("这张工单没有会话消息，请改用存档检索导出。")
    near = ArchivedMessage.objects.filter(pk=message.pk)
    if message.conversation:
        near = ArchivedMessage.objects.filter(
            conversation=message.conversation,
            sent_at__range=(message.sent_at - CASE_PERIOD, message.sent_at + CASE_PERIOD),
        )
    title = f"工单 {case.pk}：涉事消息前后一天的会话"
    return _request(title, {"case": case.pk}, _keys(near), reason, actor, case)


def evidence_request_search(*, query: Query, reason: str, actor: User) -> EvidencePackage:
    """Everything that a search of the archive finds for this person."""
    found = search.search(actor, query)
    asked = {name: masking.text(str(value)) for name, value in asdict(query).items() if value}
    title = f"检索：{query.told() or '全部'}"
    keys = [message.pk for message in found[: MOST + 1]]
    return _request(title, asked, keys, reason, actor, None)


def _keys(rows: Any) -> list[int]:
    found = rows.exclude(msgtype__in=UNREADABLE).order_by("id")
    return list(found.values_list("pk", flat=True)[: MOST + 1])


@transaction.atomic
def _request(
    title: str,
    query: dict[str, Any],
    keys: Sequence[int],
    reason: str,
    actor: User,
    case: Case | None,
) -> EvidencePackage:
    if not reason.strip():
        raise BusinessError("请写明导出理由，例如监管函号或工单编号。")
    if not keys:
        raise BusinessError("没有可以导出的消息，请放宽条件。")
    if len(keys) > MOST:
        raise BusinessError(f"一次最多导出 {MOST} 条消息，请缩小范围分批导出。")
    alone = len(keys) <= settings.EVIDENCE_ALONE_UP_TO
    row = EvidencePackage.objects.create(
        state=State.APPROVED if alone else State.PENDING,
        case=case,
        title=title[:200],
        query=query,
        messages=sorted(keys),
        count=len(keys),
        reason=reason.strip()[:500],
        branch=actor.branch,
        requested_by=actor,
    )
    after = {"messages": row.count, "query": query, "state": row.state}
    record("evidence.request", actor=actor, obj=row, after=after, reason=row.reason)
    if alone:
        evidence_due.send(EvidencePackage, package=row)
    return row


def _locked(package: EvidencePackage) -> EvidencePackage:
    rows = EvidencePackage.objects.select_for_update(of=("self",))
    return rows.select_related("branch", "requested_by", "case__alert__user").get(pk=package.pk)


@transaction.atomic
def evidence_decide(
    *, package: EvidencePackage, approve: bool, reason: str, actor: User
) -> EvidencePackage:
    """The second person's word; never the requester's own."""
    row = _locked(package)
    if row.requested_by_id == actor.pk:
        raise FourEyes("不能批准自己申请的证据包，请由另一位合规人员批准。", code="four_eyes")
    why = conflict_of(row.case.alert, actor) if row.case else ""
    if why:
        raise FourEyes(why, code="conflict")
    if not approve and not reason.strip():
        raise BusinessError("请写明拒绝的理由。")
    move(row, MOVES, State.APPROVED if approve else State.REFUSED)
    row.decided_by, row.decided_at = actor, timezone.now()
    row.error = "" if approve else reason.strip()[:300]
    row.save(update_fields=["state", "decided_by", "decided_at", "error"])
    action = "evidence.approve" if approve else "evidence.refuse"
    record(action, actor=actor, obj=row, after={"messages": row.count}, reason=reason.strip())
    if approve:
        evidence_due.send(EvidencePackage, package=row)
    return row


@transaction.atomic
def _claim(pk: int) -> EvidencePackage | None:
    """One builder: the row is taken before anything is read."""
    rows = EvidencePackage.objects.select_for_update(skip_locked=True, of=("self",))
    row = (
        rows.select_related("branch", "requested_by", "decided_by", "case")
        .filter(pk=pk, state=State.APPROVED)
        .first()
    )
    if row is None:
        return None
    move(row, MOVES, State.BUILDING)
    row.started_at, row.progress = timezone.now(), 0
    row.save(update_fields=["state", "started_at", "progress"])
    record("evidence.build", actor=_BUILDER, obj=row, after={"messages": row.count})
    return row


def evidence_build(pk: int) -> bool:
    """Builds an agreed package; True when it is ready. What fails is told on its row."""
    row = _claim(pk)
    if row is None:
        return False
    try:
        data = build.build(row, lambda percent: _progress(row, percent))
    except build.EvidenceBroken as error:
        _finish(row, State.FAILED, str(error)[:300])
        return False
    except Exception as error:
        _finish(row, State.FAILED, f"生成时出错（{type(error).__name__}），请联系管理员。")
        raise
    build.store(row, data)
    _finish(row, State.READY, "")
    return True


def _progress(row: EvidencePackage, percent: int) -> None:
    EvidencePackage.objects.filter(pk=row.pk).update(progress=percent)


@transaction.atomic
def _finish(row: EvidencePackage, state: str, error: str) -> None:
    move(row, MOVES, state)
    row.error, row.finished_at = error, timezone.now()
    row.progress = 100 if state == State.READY else row.progress
    row.save()
    after = {"error": error} if error else {"sha256": row.sha256, "size": row.size}
    record(f"evidence.{state}", actor=_BUILDER, obj=row, after=after)


def evidence_file(*, package: EvidencePackage, actor: User) -> Path:
    """The file of one's own package; handing it out is on record."""
    if package.requested_by_id != actor.pk:
        raise FourEyes("证据包只能由申请人自己下载。", code="not_requester")
    if package.state != State.READY:
        raise BusinessError("证据包还没有生成，或已过期。")
    file = build.path(package)
    if not file.exists():
        raise BusinessError("证据包文件已不在，请重新申请。")
    after = {"sha256": package.sha256}
    record("evidence.download", actor=actor, obj=package, after=after, reason=package.reason)
    return file


def sweep() -> int:
    """Builds what a lost bell left, takes over what a dead worker held, removes old files."""
    now = timezone.now()
    stuck = EvidencePackage.objects.filter(state=State.BUILDING, started_at__lt=now - _STUCK)
    stuck.update(state=State.APPROVED)
    _expire(now - datetime.timedelta(days=settings.EVIDENCE_KEEP_DAYS))
    waiting = EvidencePackage.objects.filter(state=State.APPROVED).values_list("pk", flat=True)
    return sum(evidence_build(pk) for pk in list(waiting))


def _expire(before: datetime.datetime) -> None:
    for row in EvidencePackage.objects.filter(state=State.READY, finished_at__lt=before):
        build.path(row).unlink(missing_ok=True)
        with transaction.atomic():
            move(row, MOVES, State.EXPIRED)
            row.save(update_fields=["state"])
            record("evidence.expire", actor=_BUILDER, obj=row)
