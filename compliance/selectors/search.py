"""Search over the encrypted archive: the blind index narrows, decryption decides."""

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, overload

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from compliance.archive import terms
from compliance.archive.content import LABELS
from compliance.archive.records import REPEAT
from compliance.models import ArchivedMessage, MessageIndex, MessageScan
from compliance.selectors.newest import newest
from contacts.models import Customer
from scrm.accounts.models import User
from scrm.core import bulk, masking
from scrm.core.errors import BusinessError

# So many of the newest messages that the index offers are opened and compared.
WINDOW = 1000
_OPEN_AT_ONCE = 100
_EXCERPT = 60
_TERM = re.compile(r'(-?)(?:"([^"]*)"|(\S+))')
_QUOTES = str.maketrans("“”「」『』－", '""""""-')


DIRECTIONS = {"out": "员工发出", "in": "客户发来"}
HITS = {"yes": "有命中", "no": "没有命中"}


@dataclass(frozen=True, slots=True)
class Query:
    staff: str = ""
    customer: str = ""
    since: datetime.date | None = None
    until: datetime.date | None = None
    msgtype: str = ""
    direction: str = ""
    hits: str = ""
    words: str = ""

    def told(self) -> str:
        """What is asked for, for people; personal data masked."""
        parts = (
            ("员工", self.staff),
            ("客户", self.customer),
            ("词语", self.words),
            ("类型", LABELS.get(self.msgtype, self.msgtype)),
            ("方向", DIRECTIONS.get(self.direction, self.direction)),
            ("扫描结果", HITS.get(self.hits, self.hits)),
            ("自", self.since),
            ("至", self.until),
        )
        return "，".join(f"{name} {masking.text(str(value))}" for name, value in parts if value)


@dataclass(frozen=True, slots=True)
class Words:
    """What was asked for, in the form in which texts are compared."""

    wanted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    def match(self, text: str) -> bool:
        found = terms.searchable(text)
        if any(word not in found for word in self.wanted):
            return False
        return not any(word in found for word in self.refused)

    def tokens(self) -> list[int]:
        return sorted({token for word in self.wanted for token in terms.tokens(word)})


@lru_cache(maxsize=64)
def parse(text: str) -> Words:
    """`基金 "保本 保息" -国债`: all words, the phrase as it stands, and not the last one.

    Raises BusinessError when nothing in it can be looked up: the index knows pairs of characters.
    """
    wanted: list[str] = []
    refused: list[str] = []
    for minus, phrase, word in _TERM.findall(text.translate(_QUOTES)):
        term = terms.normal(phrase or word)
        if term:
            (refused if minus else wanted).append(term)
    words = Words(tuple(wanted), tuple(refused))
    if (wanted or refused) and not words.tokens():
        raise BusinessError(
            "请至少写一个两个字以上的词；排除词要和查找的词一起使用。", code="words"
        )
    return words


def search(user: User, query: Query) -> "QuerySet[ArchivedMessage] | Found":
    """Messages newest first; with words, those of the newest 1,000 candidates that hold them."""
    words = parse(query.words)
    if not words.wanted:
        stored = ArchivedMessage.objects.visible_to(user).exclude(msgtype=REPEAT)
        found = _filtered(stored, query).order_by("-sent_at", "-id")
        return found.select_related("user", "contact", "customer")
    rows = _filtered(_visible(user), query)
    period = _dated(MessageIndex.objects.all(), query)
    return Found(newest(rows, words.tokens(), WINDOW, period=period), words)


class Found(Sequence[ArchivedMessage]):
    """Messages that hold the words: candidates of the index, opened as far as somebody looks.

    The length is exact for up to 100 candidates, else an upper bound until all were opened.
    """

    def __init__(self, candidates: list[int], words: Words) -> None:
        self.candidates, self.words = candidates, words
        self.opened = 0
        self.ids: list[int] = []
        self._open_until(1)

    def _open_until(self, enough: int) -> None:
        while len(self.ids) < enough and self.opened < len(self.candidates):
            batch = self.candidates[self.opened : self.opened + _OPEN_AT_ONCE]
            rows = ArchivedMessage.objects.filter(pk__in=batch)
            texts = {row.pk: row.text for row in bulk.read(rows, ("content", "envelope_id"))}
            self.ids += [pk for pk in batch if pk in texts and self.words.match(texts[pk])]
            self.opened += len(batch)

    def __len__(self) -> int:
        return len(self.ids) + len(self.candidates) - self.opened

    @overload
    def __getitem__(self, at: int) -> ArchivedMessage: ...
    @overload
    def __getitem__(self, at: slice) -> list[ArchivedMessage]: ...
    def __getitem__(self, at: int | slice) -> ArchivedMessage | list[ArchivedMessage]:
        if not isinstance(at, slice):
            return self[at : at + 1][0]
        self._open_until(len(self.candidates) if at.stop is None else at.stop)
        wanted = self.ids[at]
        known = _whole().in_bulk(wanted)
        return [known[pk] for pk in wanted]

    def __iter__(self) -> Iterator[ArchivedMessage]:
        return iter(self[:])


def _whole() -> QuerySet[ArchivedMessage]:
    return ArchivedMessage.objects.select_related("user", "contact", "customer")


def _visible(user: User) -> QuerySet[MessageIndex]:
    """The officer's own branch and those below, as for the messages themselves."""
    rows = MessageIndex.objects.all()
    if user.branch.parent_id is None:
        return rows
    people = User.objects.filter(branch__path__startswith=user.branch.path)
    return rows.filter(user_id__in=_ids(people))


def _filtered(rows: Any, query: Query) -> Any:
    """Narrows messages or their index entries: the columns have the same names."""
    if query.staff:
        named = Q(name__contains=query.staff) | Q(wecom_userid=query.staff)
        people = User.objects.filter(named | Q(username=query.staff))
        rows = rows.filter(user_id__in=_ids(people))
    if query.customer:
        rows = rows.filter(customer_id__in=_ids(Customer.objects.filter(number=query.customer)))
    rows = _dated(rows, query)
    if query.direction:
        rows = rows.filter(from_staff=query.direction == "out")
    if query.hits:
        judged = MessageScan.objects.filter(message_id=OuterRef("pk"), severity__gte=1)
        rows = rows.filter(Exists(judged) if query.hits == "yes" else ~Exists(judged))
    return rows.filter(msgtype=query.msgtype) if query.msgtype else rows


def _dated(rows: Any, query: Query) -> Any:
    if query.since:
        rows = rows.filter(sent_at__gte=_midnight(query.since))
    if query.until:
        rows = rows.filter(sent_at__lt=_midnight(query.until + datetime.timedelta(days=1)))
    return rows


def _ids(rows: QuerySet[Any]) -> list[int]:
    return list(rows.values_list("pk", flat=True))


def _midnight(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))


def excerpt(text: str, words: str) -> str:
    """A masked line of the text, from just before the first word searched for."""
    # Masked as a whole before it is cut: a number cut in two would not be recognised.
    shown = masking.text(terms.redacted(text))
    wanted = parse(words).wanted
    at = shown.casefold().find(wanted[0]) if wanted else 0
    start = max(0, at - 15)
    tail = "…" if start + _EXCERPT < len(shown) else ""
    return f"{'…' if start else ''}{shown[start : start + _EXCERPT]}{tail}".replace("\n", " ")
