"""Reads of the archive: a conversation around a message, and how results are shown."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from compliance.archive.content import LABELS
from compliance.archive.log import tree
from compliance.archive.records import REPEAT
from compliance.models import ArchiveAgreement, ArchivedMedia, ArchivedMessage, LogAnchor
from compliance.selectors.search import excerpt
from scrm.accounts.models import User


@dataclass(slots=True)
class Line:
    """One message as the chat shows it."""

    message: ArchivedMessage
    recalled: bool
    focus: bool
    files: list[ArchivedMedia]

    @property
    def side(self) -> str:
        return "staff" if self.message.from_staff else "customer"

    @property
    def is_note(self) -> bool:
        return self.message.action != "send" or not self.message.text

    @property
    def who(self) -> str:
        if self.message.from_staff:
            return self.message.user.name if self.message.user else self.message.sender
        return self.message.contact.name if self.message.contact else "客户"


@dataclass(frozen=True, slots=True)
class Talk:
    """Part of a conversation; earlier and later are messages to go on from, None at the ends."""

    lines: list[Line]
    earlier: ArchivedMessage | None
    later: ArchivedMessage | None


def messages_of(user: User) -> QuerySet[ArchivedMessage]:
    rows = ArchivedMessage.objects.visible_to(user).exclude(msgtype=REPEAT)
    return rows.select_related("user", "contact", "customer")


def talk_around(message: ArchivedMessage, user: User, before: int = 12, after: int = 8) -> Talk:
    """The conversation around a message, as far as the reader may see it."""
    if not message.conversation:
        return Talk(_lines([message], message), None, None)
    rows = messages_of(user).filter(conversation=message.conversation)
    at, pk = message.sent_at, message.pk
    up = rows.filter(Q(sent_at__lt=at) | Q(sent_at=at, pk__lt=pk)).order_by("-sent_at", "-id")
    down = rows.filter(Q(sent_at__gt=at) | Q(sent_at=at, pk__gt=pk)).order_by("sent_at", "id")
    first, then = list(up[: before + 1]), list(down[: after + 1])
    shown = [*reversed(first[:before]), message, *then[:after]]
    return Talk(
        _lines(shown, message),
        first[before] if len(first) > before else None,
        then[after] if len(then) > after else None,
    )


def _lines(messages: list[ArchivedMessage], focus: ArchivedMessage) -> list[Line]:
    ids = [message.msgid for message in messages]
    recalled = set(
        ArchivedMessage.objects.filter(recalls__in=ids).values_list("recalls", flat=True)
    )
    files: dict[int, list[ArchivedMedia]] = {}
    for row in ArchivedMedia.objects.filter(message__in=messages).order_by("position"):
        files.setdefault(row.message_id, []).append(row)
    return [Line(m, m.msgid in recalled, m.pk == focus.pk, files.get(m.pk, [])) for m in messages]


@dataclass(frozen=True, slots=True)
class Word:
    """What the customer said of being archived. at: None where WeCom knows of no answer."""

    agreed: bool
    at: datetime.datetime | None
    # None: said in a chat; else when WeCom was last asked.
    checked_at: datetime.datetime | None = None


def consent_of(message: ArchivedMessage) -> Word | None:
    """The customer's last word: a record in a chat, or a later answer that WeCom knows of."""
    said, asked = _said(message), _asked(message)
    if said and asked and asked.at and said.at and asked.at > said.at:
        return asked
    return said or asked


def _said(message: ArchivedMessage) -> Word | None:
    if message.contact_id is None:
        return None
    told = ArchivedMessage.objects.filter(
        contact=message.contact_id, msgtype__in=("agree", "disagree")
    )
    last = told.order_by("-sent_at", "-id").first()
    return Word(last.msgtype == "agree", last.sent_at) if last else None


def _asked(message: ArchivedMessage) -> Word | None:
    rows = ArchiveAgreement.objects.filter(user=message.user_id, contact=message.contact_id)
    row = rows.first()
    return Word(row.agreed, row.changed_at, row.checked_at) if row else None


def files_of(user: User) -> QuerySet[ArchivedMedia]:
    """Stored files of messages that the reader may see."""
    seen = ArchivedMessage.objects.visible_to(user)
    return ArchivedMedia.objects.filter(message__in=seen, state=ArchivedMedia.State.STORED)


@dataclass(frozen=True, slots=True)
class Hit:
    """One message as the list of results shows it."""

    message: ArchivedMessage
    line: str
    type_label: str


def hits(messages: Iterable[ArchivedMessage], words: str) -> list[Hit]:
    return [Hit(m, excerpt(m.text, words) or m.error, type_label(m.msgtype)) for m in messages]


def type_label(msgtype: str) -> str:
    return LABELS.get(msgtype, msgtype)


def log_state() -> dict[str, Any]:
    """How far the log is anchored, as its mirror says; only a verification proves it."""
    anchors = list(LogAnchor.objects.select_related("head").order_by("-number")[:10])
    for anchor in anchors:
        anchor.root = bytes(anchor.head.sha256).hex()  # type: ignore[attr-defined]
    size = tree.size()
    anchored = anchors[0].head.size if anchors else 0
    return {
        "size": size,
        "anchored": anchored,
        "unproven": max(0, size - anchored),
        "anchors": anchors,
    }
