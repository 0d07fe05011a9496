"""Walks the whole chain and says in one sentence whether the archive is what was sealed.

The result is never kept and believed later: each call reads every row. Earlier verdicts in the
audit trail serve as anchors, so that a chain cut short or built anew is noticed too.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max

from compliance.archive import seals
from compliance.models import ArchiveCursor, ArchivedMessage, ArchiveEnvelope, Seal
from scrm.audit.models import AuditEvent
from scrm.audit.services import record
from scrm.core.actors import Actor
from scrm.core.crypto import DecryptionFailed


@dataclass(frozen=True, slots=True)
class Verdict:
    """bad_number: the seal at which the chain breaks; 0: the fault lies elsewhere or nowhere."""

    ok: bool
    sentence: str
    sealed: int
    head: str
    bad_number: int = 0


class _Broken(Exception):
    def __init__(self, sentence: str, number: int = 0) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.number = number


def verify() -> Verdict:
    """Reads every row; the first fault ends the walk and is named."""
    with transaction.atomic():
        sealed, head = 0, ""
        try:
            anchors = _anchors()
            for sealed, head in _walk(anchors):  # noqa: B007 - the last pair is the result
                pass
            _check_ends(sealed, anchors)
        except _Broken as fault:
            return Verdict(False, fault.sentence, sealed, head, fault.number)
    text = f"存档完整：{sealed} 条消息逐条核对，封存链连续，没有被改动、删除或调换。"
    return Verdict(True, text if sealed else "存档为空，还没有可以核对的消息。", sealed, head)


def _walk(anchors: dict[int, str]) -> Iterator[tuple[int, str]]:
    head = ""
    for expected, seal in enumerate(_seals(), start=1):
        head = _check_link(seal, expected, head)
        if anchors.get(expected, head) != head:
            raise _Broken(
                f"第 {expected} 号封存与此前校验时记录的链头不一致，封存链被重建过。", expected
            )
        yield expected, head


def _seals() -> Iterator[Seal]:
    rows = Seal.objects.order_by("number").select_related("message__envelope")
    return rows.iterator(chunk_size=500)


def _check_link(seal: Seal, expected: int, previous: str) -> str:
    if seal.number != expected:
        raise _Broken(f"第 {expected} 号封存缺失，之后是第 {seal.number} 号。", expected)
    where = f"第 {expected} 号（seq {seal.message.envelope.seq}）"
    try:
        leaf = seals.leaf_of(seal.message)
    except (DecryptionFailed, ValueError):
        raise _Broken(f"{where}的密文无法打开，记录被改动过。", expected) from None
    if leaf != seal.leaf:
        raise _Broken(f"{where}的内容与封存时不一致，记录被改动或调换过。", expected)
    if seals.head_of(previous, seal.leaf) != seal.head:
        raise _Broken(f"{where}的链头不正确，封存记录被改动或顺序被调换过。", expected)
    return seal.head


def _check_ends(sealed: int, anchors: dict[int, str]) -> None:
    """What a walk cannot see: messages never sealed, and a tail that is gone."""
    loose = ArchivedMessage.objects.filter(seal=None).order_by("id").first()
    if loose:
        raise _Broken(f"消息 {loose.pk} 没有封存，封存记录被删除过。")
    if anchors and max(anchors) > sealed:
        raise _Broken(
            f"此前校验时有 {max(anchors)} 条封存，现在只有 {sealed} 条，末尾的记录被删除。",
            sealed + 1,
        )
    # Cursors first: read the other way round, a pull in between would look like a loss.
    cursors = list(ArchiveCursor.objects.order_by("corp_id"))
    stored = dict(ArchiveEnvelope.objects.values_list("corp_id").annotate(last=Max("seq")))
    for cursor in cursors:
        last = stored.get(cursor.corp_id, 0)
        if cursor.seq > last:
            raise _Broken(
                f"已收取到 seq {cursor.seq}，存档只到 seq {last}，末尾的记录被删除。", sealed + 1
            )


def _anchors() -> dict[int, str]:
    """Chain heads that earlier successful verifications wrote into the audit trail."""
    events = AuditEvent.objects.filter(action="archive.verify", after__ok=True).order_by("-id")
    heads = (event.after for event in events[:50])
    return {int(after["sealed"]): str(after["head"]) for after in heads if after["sealed"]}


def archive_verify(*, actor: Actor) -> Verdict:
    """Verifies and writes the verdict to the audit trail, good or bad."""
    verdict = verify()
    record(
        "archive.verify",
        actor=actor,
        label=verdict.sentence,
        after={"ok": verdict.ok, "sealed": verdict.sealed, "head": verdict.head},
    )
    return verdict
