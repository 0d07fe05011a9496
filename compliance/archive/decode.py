"""Turns committed envelopes into messages, in order, logged as they are stored.

Repeatable: an envelope has at most one message. A record that cannot be read becomes a message of
type "undecodable"; one whose private key is missing waits, visibly, and the others go on.
"""

import hashlib
import logging
from collections import deque
from collections.abc import Iterator
from itertools import compress

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from channels.providers.wecom.archive import ArchiveSdk
from compliance import signals
from compliance.archive import locks, media, records
from compliance.archive.keys import KeyMissing
from compliance.archive.log.append import append_messages
from compliance.archive.people import Directory, Parties
from compliance.archive.pull import AtHand
from compliance.archive.records import Record
from compliance.archive.unwrap import Opened, Opening, Unwrapper, unwrapper
from compliance.models import ArchivedMessage, ArchiveEnvelope
from compliance.models.content import Content
from contacts.intake import Fact, note_events
from scrm.core import bulk, faults

logger = logging.getLogger(__name__)
# What a batch costs by itself, some 40 statements, is shared by as many.
_BATCH = 2000
_EVENT_KEY = 80
Pair = tuple[ArchiveEnvelope, Record]
Page = list[ArchiveEnvelope]


def waiting() -> QuerySet[ArchiveEnvelope]:
    """Envelopes without a message: just pulled, or without their private key."""
    decoded = ArchivedMessage.objects.filter(envelope_id=OuterRef("pk"))
    return ArchiveEnvelope.objects.filter(~Exists(decoded)).order_by("id")


def newest_waiting() -> QuerySet[ArchiveEnvelope]:
    """Cheap form of `waiting` for the usual case: what came after the last decoded envelope."""
    last = ArchivedMessage.objects.order_by("-envelope_id").values_list("envelope_id", flat=True)
    return ArchiveEnvelope.objects.filter(id__gt=last.first() or 0).order_by("id")


def decode(sdk: ArchiveSdk, envelopes: QuerySet[ArchiveEnvelope]) -> int:
    """Decodes those envelopes; returns how many messages were stored."""
    return sum(map(len, batches(sdk, envelopes)))


def batches(
    sdk: ArchiveSdk, envelopes: QuerySet[ArchiveEnvelope], at_hand: AtHand | None = None
) -> Iterator[list[ArchivedMessage]]:
    """The same batch by batch, so that the next stages need not read it back. One decoder at a time.

    Which envelopes wait is asked of the database; those `at_hand` are not read again."""
    with locks.only_one(locks.DECODE) as mine:
        if not mine:
            return
        pages, keys_dir = _pages(envelopes, at_hand or {}), settings.WECOM_ARCHIVE_KEYS_DIR
        for page, opening in _ahead(pages, unwrapper(keys_dir)):
            yield _keep_batch(_read_all(page, opening.result(), sdk))


def _pages(envelopes: QuerySet[ArchiveEnvelope], at_hand: AtHand) -> Iterator[Page]:
    waiting, after = envelopes.values_list("id", flat=True), 0
    while ids := list(waiting.filter(id__gt=after)[:_BATCH]):
        after = ids[-1]
        yield _page(ids, at_hand)


def _page(ids: list[int], at_hand: AtHand) -> Page:
    known = [at_hand.pop(number, None) for number in ids]
    if None in known:
        return bulk.read(ArchiveEnvelope.objects.filter(id__any_of=ids).order_by("id"))
    return [row for row in known if row]


def _ahead(pages: Iterator[Page], keys: Unwrapper) -> Iterator[tuple[Page, Opening]]:
    """Keys of the next page are opened while the one before it is stored."""
    begun: deque[tuple[Page, Opening]] = deque()
    for page in pages:
        sealed = [(row.publickey_ver, row.encrypt_random_key) for row in page]
        begun.append((page, keys.open(sealed)))
        if len(begun) > 1:
            yield begun.popleft()
    yield from begun


def _read_all(page: Page, keys: list[Opened], sdk: ArchiveSdk) -> list[Pair]:
    """The records of a page but for those whose key is missing."""
    read = (_read(*pair, sdk) for pair in zip(page, keys, strict=True))
    return [pair for pair in read if pair]


def _read(envelope: ArchiveEnvelope, key: Opened, sdk: ArchiveSdk) -> Pair | None:
    if isinstance(key, KeyMissing):
        logger.error("archive record %s waits: %s", envelope.seq, key)
        return None
    return envelope, records.read(envelope, key, sdk)


def _keep_batch(pairs: list[Pair]) -> list[ArchivedMessage]:
    """All at once; when one of them is refused, one by one, so that only that one is left."""
    try:
        return _keep(pairs)
    except Exception:
        logger.exception("archive batch refused, going on one by one")
    return [message for pair in pairs for message in _keep_single(pair)]


def _keep_single(pair: Pair) -> list[ArchivedMessage]:
    envelope, _ = pair
    try:
        return _keep([pair])
    except Exception as error:
        logger.exception("archive record %s refused", envelope.seq)
        return _keep([(envelope, records.undecodable(envelope, type(error).__name__))])


@transaction.atomic
def _keep(pairs: list[Pair]) -> list[ArchivedMessage]:
    known = _known_msgids(pairs)
    directory = Directory(record for _, record in pairs)
    messages, parties = [], []
    for envelope, record in pairs:
        again = record.msgtype not in records.UNREADABLE and record.msgid in known
        known.add(record.msgid)
        told = records.repeat(envelope, record) if again else record
        parties.append(directory.parties(told))
        messages.append(_message(envelope, told, parties[-1]))
    faults.reach("F3")
    bulk.copy_in(messages)
    media.note(m for m in messages if m.msgtype not in records.UNREADABLE)
    _tell(messages, parties)
    append_messages(messages)
    faults.reach("F9")
    return messages


def _known_msgids(pairs: list[Pair]) -> set[str]:
    ids = [record.msgid for _, record in pairs]
    rows = ArchivedMessage.objects.filter(msgid__any_of=ids).exclude(msgtype__in=records.UNREADABLE)
    return set(rows.values_list("msgid", flat=True))


def _message(envelope: ArchiveEnvelope, record: Record, parties: Parties) -> ArchivedMessage:
    from_staff, user, contact, conversation, receivers = parties
    return bulk.made(
        ArchivedMessage,
        {
            "envelope_id": envelope.id,
            "msgid": record.msgid,
            "action": record.action,
            "msgtype": record.msgtype,
            "sender": record.sender,
            "receivers": receivers,
            "room_id": record.room_id,
            "sent_at": record.sent_at,
            "from_staff": from_staff,
            "user_id": user.id if user else None,
            "contact_id": contact.id if contact else None,
            "customer_id": contact.customer_id if contact else None,
            "conversation": conversation,
            "content": Content.of(record.body, record.text),
            "recalls": record.recalls,
            "error": record.error,
        },
        {"envelope": envelope, "user": user, "contact": contact},
    )


def _tell(messages: list[ArchivedMessage], parties: list[Parties]) -> None:
    """The behaviour stream and the apps above learn of them in the transaction that stores them."""
    readable = [message.msgtype not in records.UNREADABLE for message in messages]
    said = list(compress(messages, readable))
    note_events(
        _fact(message, who)
        for message, who in zip(said, compress(parties, readable), strict=True)
        if who.contact and message.action == "send"
    )
    if said:
        signals.messages_archived.send(ArchivedMessage, messages=said)


def _fact(message: ArchivedMessage, who: Parties) -> Fact:
    kind, key = "sent" if who.from_staff else "message", _event_key(message.msgid)
    return Fact(kind, who.contact, who.user, message.sent_at, key)


def _event_key(msgid: str) -> str:
    key = f"msg:{msgid}"
    return key if len(key) <= _EVENT_KEY else f"msg:{hashlib.sha256(msgid.encode()).hexdigest()}"
