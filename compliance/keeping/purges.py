"""Purging what need not be kept: one person proposes a frozen list, another approves, a task acts.

Each batch judges anew: what a hold or a longer rule covers by then stays. What goes leaves its row,
its leaf and an event by two people; only content goes: what was said, raw envelope, index, files.
"""

import datetime
import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.utils import timezone

from compliance.archive import blobs, locks
from compliance.archive.log.purges import purge_note
from compliance.keeping import holds, retention
from compliance.models import (
    ArchivedMedia,
    ArchivedMessage,
    ArchiveEnvelope,
    MessageIndex,
    PurgeItem,
    PurgeRequest,
)
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core import bulk, faults
from scrm.core.actors import SYSTEM
from scrm.core.errors import BusinessError, FourEyes
from scrm.core.states import move, moves

logger = logging.getLogger(__name__)
State = PurgeRequest.State
Item = PurgeItem.State
MOVES = moves(proposed="running rejected", running="done")
_BATCH = 200
_LIST = 1000
_MOST = 100_000
# Judged out of retention: message and the decision about it.
Due = tuple[ArchivedMessage, retention.Decision]


def due(as_of: datetime.date) -> Iterator[Due]:
    """Messages whose time is over and that no hold or open request covers; bodies stay closed."""
    oldest = _cutoff(as_of)
    busy = PurgeItem.objects.filter(state=Item.WAITING).values("message")
    rows = ArchivedMessage.objects.filter(sent_at__lt=oldest).exclude(pk__in=busy)
    # What has neither plain content nor a raw envelope has gone already.
    rows = rows.exclude(content="", envelope__encrypt_chat_msg="")
    after = 0
    while batch := list(rows.filter(pk__gt=after).order_by("pk")[:_LIST]):
        after = batch[-1].pk
        yield from _judged(batch, as_of)


def _cutoff(as_of: datetime.date) -> datetime.datetime:
    """No rule is shorter than the shortest one: what is younger need not be looked at."""
    day = as_of - datetime.timedelta(days=365 * retention.shortest_years())
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.max))


def _judged(messages: list[ArchivedMessage], as_of: datetime.date) -> list[Due]:
    held = holds.held(messages)
    decisions = retention.decide(messages)
    return [
        (message, decisions[message.pk])
        for message in messages
        if message.pk not in held and decisions[message.pk].until <= as_of
    ]


def bank_wide(actor: User) -> bool:
    """A purge reaches over all branches, so only head office may propose and approve one."""
    return actor.branch.parent_id is None


def _require_bank_wide(actor: User) -> None:
    if not bank_wide(actor):
        raise BusinessError("只有总行可以申请或批准清除存档。", code="head_office")


@transaction.atomic
def purge_propose(*, reason: str, actor: User, as_of: datetime.date | None = None) -> PurgeRequest:
    """The dry run: lists what may go today, counted by rule; nothing is touched."""
    _require_bank_wide(actor)
    if not reason.strip():
        raise BusinessError("请写明清除理由。")
    day = min(as_of or timezone.localdate(), timezone.localdate())
    request = PurgeRequest.objects.create(reason=reason.strip()[:500], as_of=day, proposed_by=actor)
    counts: Counter[str] = Counter()
    items = []
    for message, decision in due(day):
        counts[decision.rule] += 1
        items.append(_item(request, message, decision))
        if len(items) >= _MOST:
            break
    if not items:
        raise BusinessError("没有可以清除的消息：都在保存期内、被保全，或已在其他申请中。")
    bulk.copy_in(items)
    request.counts = dict(counts)
    request.save(update_fields=["counts"])
    record("purge.propose", actor=actor, obj=request, after=_facts(request), reason=reason)
    return request


def _item(
    request: PurgeRequest, message: ArchivedMessage, decision: retention.Decision
) -> PurgeItem:
    return PurgeItem(request=request, message=message, rule=decision.rule, until=decision.until)


def _facts(request: PurgeRequest) -> dict[str, Any]:
    return {"as_of": request.as_of.isoformat(), "counts": request.counts, "state": request.state}


@transaction.atomic
def purge_decide(
    *, request: PurgeRequest, approve: bool, decision: str, actor: User
) -> PurgeRequest:
    """The second person lets it run, or frees the listed messages again."""
    request = PurgeRequest.objects.select_for_update().get(pk=request.pk)
    if request.proposed_by_id == actor.pk:
        raise FourEyes("清除存档需要两个人：不能批准自己的申请。", code="four_eyes")
    _require_bank_wide(actor)
    if not decision.strip():
        raise BusinessError("请写明意见。")
    move(request, MOVES, State.RUNNING if approve else State.REJECTED)
    request.approved_by, request.approved_at = actor, timezone.now()
    request.decision = decision.strip()[:500]
    request.save()
    if not approve:
        request.items.filter(state=Item.WAITING).update(state=Item.KEPT, why="申请被驳回")
    action = "purge.approve" if approve else "purge.reject"
    record(action, actor=actor, obj=request, after=_facts(request), reason=decision)
    return request


def purges_run() -> int:
    """Works off approved requests batch by batch; returns how many messages were purged."""
    with locks.only_one(locks.PURGE_TASK) as mine:
        if not mine:
            return 0
        count = 0
        for request in PurgeRequest.objects.filter(state=State.RUNNING).order_by("id"):
            while (done := _batch(request)) is not None:
                count += done
        _unlink_blobs()
        return count


@transaction.atomic
def _batch(request: PurgeRequest) -> int | None:
    """One batch; None when nothing is left and the request has ended."""
    locks.until_commit(locks.PURGE)
    request = PurgeRequest.objects.select_for_update().get(pk=request.pk)
    items = list(request.items.filter(state=Item.WAITING).order_by("id")[:_BATCH])
    if not items:
        _finish(request)
        return None
    messages = _messages(items)
    going = {message.pk for message, _ in _judged(messages, timezone.localdate())}
    kept = [item for item in items if item.message_id not in going]
    _mark(kept, Item.KEPT, "执行时已被保全或适用更长的保存期")
    purged = [message for message in messages if message.pk in going]
    if purged:
        _blank(request, purged)
    _mark([item for item in items if item.message_id in going], Item.PURGED, "")
    return len(purged)


def _messages(items: list[PurgeItem]) -> list[ArchivedMessage]:
    ids = [item.message_id for item in items]
    rows = ArchivedMessage.objects.select_for_update(of=("self", "envelope"))
    return list(rows.select_related("envelope").filter(pk__in=ids).order_by("pk"))


def _mark(items: list[PurgeItem], state: str, why: str) -> None:
    PurgeItem.objects.filter(pk__in=[item.pk for item in items]).update(state=state, why=why)


def _blank(request: PurgeRequest, messages: list[ArchivedMessage]) -> None:
    ids = [message.pk for message in messages]
    media = ArchivedMedia.objects.filter(message__in=ids)
    if request.approved_by_id is None:
        raise BusinessError("清除申请没有第二个人的批准。")
    purge_note(
        messages=messages,
        media=[row.pk for row in media.select_for_update()],
        requested_by=request.proposed_by_id,
        approved_by=request.approved_by_id,
        reason=request.reason,
    )
    faults.reach("F12")
    ArchivedMessage.objects.filter(pk__in=ids).update(content="")
    envelopes = [message.envelope_id for message in messages]
    ArchiveEnvelope.objects.filter(pk__in=envelopes).update(
        encrypt_random_key="", encrypt_chat_msg=""
    )
    MessageIndex.objects.filter(message__in=ids).delete()
    # Files cannot take part in the transaction: they go after it, by what these rows say.
    media.update(state=ArchivedMedia.State.PURGING, sdkfileid="", name="")


def _finish(request: PurgeRequest) -> None:
    move(request, MOVES, State.DONE)
    request.finished_at = timezone.now()
    request.save()
    left = dict(Counter(request.items.values_list("state", flat=True)))
    record("purge.finish", actor=SYSTEM, obj=request, after={**_facts(request), "items": left})


def _unlink_blobs() -> None:
    """Repeatable: a row is marked after its file has gone, unless another message has the file."""
    store = blobs.store()
    for row in ArchivedMedia.objects.filter(state=ArchivedMedia.State.PURGING).order_by("id"):
        others = ArchivedMedia.objects.filter(sha256=row.sha256, state=ArchivedMedia.State.STORED)
        if row.part:
            store.drop_part(row.part)
        if row.sha256 and not others.exists():
            store.delete(row.sha256)
        ArchivedMedia.objects.filter(pk=row.pk).update(state=ArchivedMedia.State.PURGED)
