"""Messages of some leaves: from the stored row and its envelope to what the leaf hashed.

Read, opened and hashed in bulk. What a message says is decrypted because the leaf holds the hash of
the plain text, which outlives every rotation of keys; the envelope is hashed as it is stored.
"""

import json
from collections.abc import Sequence
from operator import add

from compliance.archive.log import leaves as form
from compliance.archive.log.canonical import canonical
from compliance.archive.log.purges import Purged
from compliance.archive.verify.reading import Row, by_key, moment, shared_moment
from compliance.archive.verify.verdict import Missing
from scrm.core import crypto

_MESSAGES = """
SELECT id, envelope_id, content, action, contact_id, conversation, customer_id, error,
       from_staff, msgid, msgtype, recalls, receivers::text, room_id, sender, sent_at::text, user_id
FROM compliance_archivedmessage WHERE
"""
_ENVELOPES = """
SELECT id, publickey_ver, encrypt_random_key, encrypt_chat_msg, corp_id, msgid, received_at::text,
       seq
FROM compliance_archiveenvelope WHERE
"""
_COLUMN = "compliance_archivedmessage.content"


class Messages:
    def __init__(self, refs: Sequence[int | None], purged: dict[int, Purged]) -> None:
        """`refs`: of each leaf the key of its message."""
        self.rows = by_key(_MESSAGES, [ref for ref in refs if ref is not None])
        wrapped = [row[1] for row in self.rows.values()]
        self.envelopes = by_key(_ENVELOPES, wrapped)
        self.purged = purged
        # Every leaf has its message and every message its envelope: nearly always.
        self._whole = self.rows.keys() >= set(refs) and self.envelopes.keys() >= set(wrapped)
        self._receivers: dict[str, str] = {}

    def tails(self, asked: Sequence[Row]) -> list[form.Tails | Missing]:
        """Of each leaf what its message gives now, or why there is nothing to hash."""
        if self._whole and not self.purged:
            return self._hashed(asked)
        told = [self._without_opening(row[0], row[2]) for row in asked]
        hashed = iter(self._hashed([row for row, one in zip(asked, told, strict=True) if not one]))
        return [one or next(hashed) for one in told]

    def name(self, ref: int) -> str:
        row = self.rows.get(ref)
        if row is None:
            return f"消息 {ref}"
        envelope = self.envelopes.get(row[1])
        seq = f"seq {envelope[7]}，" if envelope else ""
        return f"消息（{seq}msgid {row[9]}）"

    def _without_opening(self, index: int, ref: int) -> form.Tails | Missing | None:
        row = self.rows.get(ref)
        if row is None:
            return Missing("所指的消息已不存在，记录被删除")
        envelope = self.envelopes.get(row[1])
        if envelope is None:
            return Missing("所指消息的原始密文已不存在，记录被删除")
        kept = self.purged.get(index)
        if kept and not (row[2] or envelope[2] or envelope[3]):
            return form.message_tails(self._facts(row, envelope), kept.raw, kept.content)
        return None

    def _hashed(self, asked: Sequence[Row]) -> list[form.Tails | Missing]:
        """Of leaves whose message and envelope are there."""
        try:
            return self._opened(asked)
        except (crypto.DecryptionFailed, ValueError):
            if len(asked) == 1:
                return [Missing("的密文无法打开，记录被改动")]
        return [tails for row in asked for tails in self._hashed([row])]

    def _opened(self, asked: Sequence[Row]) -> list[form.Tails | Missing]:
        rows = [self.rows[row[2]] for row in asked]
        envelopes = [self.envelopes[row[1]] for row in rows]
        salts = [bytes.fromhex(row[3]) for row in asked]
        contents = list(map(add, salts, _plain(rows)))
        raw = [form.raw_bytes(*envelope[1:4]) for envelope in envelopes]
        facts = map(self._facts, rows, envelopes)
        return list(map(form.message_tails, facts, form.digests(raw), form.digests(contents)))

    def _facts(self, row: Row, envelope: Row) -> str:
        (_, _, _, action, contact, conversation, customer, error, from_staff, msgid, msgtype,
         recalls, receivers, room_id, sender, sent_at, user) = row  # fmt: skip
        _, _, _, _, corp, outer, received_at, seq = envelope
        known, received = self._receivers, shared_moment(received_at)
        names = known[receivers] if receivers in known else self._canonical(receivers)
        return form.message_json(
            (action, contact, conversation, corp, customer, outer, error, from_staff, msgid, msgtype,
             recalls, received, names, room_id, sender, moment(sent_at), seq, user)
        )  # fmt: skip

    def _canonical(self, text: str) -> str:
        known = self._receivers[text] = _canonical(text)
        return known


def _canonical(text: str) -> str:
    """Or the text itself, which no leaf can have hashed: we never wrote a number with a fraction."""
    try:
        return canonical(json.loads(text))
    except TypeError:
        return text


def _plain(rows: Sequence[Row]) -> list[bytes]:
    """What they say, in UTF-8; "" stays empty."""
    sealed = ((row[2], f"{_COLUMN}|{row[1]}") for row in rows if row[2])
    opened = iter(crypto.decrypt_all(sealed))
    return [next(opened) if row[2] else b"" for row in rows]
