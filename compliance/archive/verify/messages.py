"""Messages of some leaves: from the stored row and its envelope to what the leaf hashed.

Read, opened and hashed in bulk. Body and text are decrypted because the leaf holds the hash of the
plain text, which outlives every rotation of keys; the envelope is hashed as it is stored.
"""

import json
from collections.abc import Sequence
from typing import NamedTuple

from compliance.archive.log import leaves as form
from compliance.archive.log.canonical import canonical
from compliance.archive.log.purges import Purged
from compliance.archive.verify.reading import Row, by_key, moment, shared_moment
from compliance.archive.verify.verdict import Missing
from scrm.core import crypto

_MESSAGES = """
SELECT id, envelope_id, body, text, action, contact_id, conversation, customer_id, error,
       from_staff, msgid, msgtype, recalls, receivers::text, room_id, sender, sent_at::text, user_id
FROM compliance_archivedmessage WHERE
"""
_ENVELOPES = """
SELECT id, publickey_ver, encrypt_random_key, encrypt_chat_msg, corp_id, msgid, received_at::text,
       seq
FROM compliance_archiveenvelope WHERE
"""
_BODY, _TEXT = "compliance_archivedmessage.body", "compliance_archivedmessage.text"


class _Read(NamedTuple):
    facts: str
    raw: bytes
    content: bytes


class Messages:
    def __init__(self, refs: Sequence[int], purged: dict[int, Purged]) -> None:
        self.rows = by_key(_MESSAGES, refs)
        self.envelopes = by_key(_ENVELOPES, [row[1] for row in self.rows.values()])
        self.purged = purged
        self._receivers: dict[str, str] = {}

    def tails(self, asked: Sequence[Row]) -> list[form.Tails | Missing]:
        """Of each leaf what its message gives now, or why there is nothing to hash."""
        read = [self._read(index, ref, salt) for index, _, ref, salt, *_ in asked]
        whole = [one for one in read if isinstance(one, _Read)]
        hashed = map(
            form.message_tails,
            [one.facts for one in whole],
            form.digests([one.raw for one in whole]),
            form.digests([one.content for one in whole]),
        )
        return [next(hashed) if isinstance(one, _Read) else one for one in read]

    def name(self, ref: int) -> str:
        row = self.rows.get(ref)
        if row is None:
            return f"消息 {ref}"
        envelope = self.envelopes.get(row[1])
        seq = f"seq {envelope[7]}，" if envelope else ""
        return f"消息（{seq}msgid {row[10]}）"

    def _read(self, index: int, ref: int, salt: bytes) -> _Read | form.Tails | Missing:
        row = self.rows.get(ref)
        if row is None:
            return Missing("所指的消息已不存在，记录被删除")
        envelope = self.envelopes.get(row[1])
        if envelope is None:
            return Missing("所指消息的原始密文已不存在，记录被删除")
        kept = self.purged.get(index)
        if kept and not (row[2] or row[3] or envelope[2] or envelope[3]):
            return form.message_tails(self._facts(row, envelope), kept.raw, kept.content)
        try:
            body, text = self._opened(*row[1:4])
        except (crypto.DecryptionFailed, ValueError):
            return Missing("的密文无法打开，记录被改动")
        return _Read(
            self._facts(row, envelope),
            form.raw_bytes(*envelope[1:4]),
            form.content_bytes(bytes(salt), body, text),
        )

    def _opened(self, envelope: int, body: str, text: str) -> tuple[str, str]:
        return (
            crypto.decrypt(body, f"{_BODY}|{envelope}") if body else "",
            crypto.decrypt(text, f"{_TEXT}|{envelope}") if text else "",
        )

    def _facts(self, row: Row, envelope: Row) -> str:
        action, contact, conversation, customer, error, from_staff, msgid, msgtype = row[4:12]
        recalls, receivers, room_id, sender, sent_at, user = row[12:]
        corp, outer, received_at, seq = envelope[4:]
        # By place: names cost a third more. The order is that of MessageFacts.
        return form.message_json(
            form.MessageFacts(
                action,
                contact,
                conversation,
                corp,
                customer,
                outer,
                error,
                from_staff,
                msgid,
                msgtype,
                recalls,
                shared_moment(received_at),
                self._canonical(receivers),
                room_id,
                sender,
                moment(sent_at),
                seq,
                user,
            )
        )

    def _canonical(self, text: str) -> str:
        known = self._receivers.get(text)
        if known is None:
            known = self._receivers[text] = canonical(json.loads(text))
        return known
