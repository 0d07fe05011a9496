"""The last stage: makes scanned and stored messages findable. Repeatable, with a cursor of its own."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from compliance.archive import locks, terms
from compliance.archive.records import UNREADABLE
from compliance.models import ArchivedMessage, MessageIndex
from scrm.core import bulk

_BATCH = 1000
_READ = ("text", "envelope_id", "sent_at", "user_id", "customer_id", "from_staff", "msgtype")


def unindexed() -> QuerySet[ArchivedMessage]:
    """Readable messages that no search can find yet; purged ones have nothing to find."""
    known = MessageIndex.objects.filter(message_id=OuterRef("pk"))
    rows = ArchivedMessage.objects.filter(~Q(msgtype__in=UNREADABLE), ~Exists(known))
    return rows.exclude(body="").order_by("id")


def newest_unindexed() -> QuerySet[ArchivedMessage]:
    """Cheap form of `unindexed` for the usual case: what came after the last indexed message."""
    last = MessageIndex.objects.order_by("-message_id").values_list("message_id", flat=True).first()
    rows = ArchivedMessage.objects.exclude(msgtype__in=UNREADABLE).filter(id__gt=last or 0)
    return rows.order_by("id")


def index(messages: QuerySet[ArchivedMessage]) -> int:
    """Indexes those messages; returns how many."""
    with locks.only_one(locks.INDEX) as mine:
        return _index_all(messages) if mine else 0


def _index_all(messages: QuerySet[ArchivedMessage]) -> int:
    count, after = 0, 0
    rows = messages.only(*_READ)
    while batch := list(rows.filter(id__gt=after)[:_BATCH]):
        after = batch[-1].pk
        bulk.insert_new([entry(message) for message in batch])
        count += len(batch)
    return count


def entry(message: ArchivedMessage) -> MessageIndex:
    return MessageIndex(
        message_id=message.pk,
        sent_at=message.sent_at,
        user_id=message.user_id,
        customer_id=message.customer_id,
        from_staff=message.from_staff,
        msgtype=message.msgtype,
        tokens=sorted(terms.tokens(terms.searchable(message.text))),
    )
