"""The last stage: makes scanned and stored messages findable. Repeatable, with a cursor of its own."""

from collections.abc import Iterable
from operator import itemgetter

from django.db.models import Exists, OuterRef, Q, QuerySet

from compliance.archive import locks, terms
from compliance.archive.records import UNREADABLE
from compliance.models import ArchivedMessage, MessageIndex
from scrm.core import bulk

_BATCH = 1000
_COLUMNS = ("message_id", "sent_at", "user_id", "customer_id", "from_staff", "msgtype", "tokens")
_facets = itemgetter("id", *_COLUMNS[1:-1])
_READ = ("content", "envelope_id", "sent_at", "user_id", "customer_id", "from_staff", "msgtype")


def unindexed() -> QuerySet[ArchivedMessage]:
    """Readable messages that no search can find yet; purged ones have nothing to find."""
    known = MessageIndex.objects.filter(message_id=OuterRef("pk"))
    rows = ArchivedMessage.objects.filter(~Q(msgtype__in=UNREADABLE), ~Exists(known))
    return rows.exclude(content="").order_by("id")


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
    while batch := bulk.read(messages.filter(id__gt=after)[:_BATCH], _READ):
        after = batch[-1].pk
        count += _index_batch(batch)
    return count


def index_stored(messages: Iterable[ArchivedMessage]) -> int:
    """The same for messages at hand, as the decoder has just stored them."""
    with locks.only_one(locks.INDEX) as mine:
        readable = [message for message in messages if message.msgtype not in UNREADABLE]
        return _index_batch(readable) if mine else 0


def _index_batch(batch: list[ArchivedMessage]) -> int:
    if batch:
        bulk.insert_new_columns(MessageIndex, columns(batch))
    return len(batch)


def columns(batch: list[ArchivedMessage]) -> bulk.Columns:
    """The rows of these messages in the index."""
    rows = [_facets(message.__dict__) for message in batch]
    tokens = terms.tokens_of_many(terms.searchable_all([message.text for message in batch]))
    return dict(zip(_COLUMNS, [*zip(*rows, strict=True), tokens], strict=True))
