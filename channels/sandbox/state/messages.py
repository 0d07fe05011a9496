"""Every chat message of the corp, in SQLite only, as a corp may have millions.

A message that may be archived gets a `seq`. Its envelope is encrypted at the first pull and then
kept, so that pulling again returns the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from channels.sandbox.state.store import Store, dump
from channels.sandbox.types import Doc, Docs

_COLUMNS = "seq, msgid, msgtime, plain, key_version, random_key, cipher"


@dataclass(slots=True)
class Message:
    """One message before it is stored. `plain` is the JSON of contract section 8.3."""

    msgid: str
    msgtime: int
    member: str
    customer: str
    sender: str
    plain: Doc
    room: str = ""
    source: str = "chat"
    source_id: str = ""
    archived: bool = True
    key_version: int = 0


class MessageLog:
    def __init__(self, store: Store) -> None:
        self._store = store
        row = store.db.execute("SELECT max(id), max(seq) FROM messages").fetchone()
        self._numbers = store.table("message_numbers")
        kept = self._numbers.get("last") or {"id": 0, "seq": 0}
        self.last_id: int = max(row[0] or 0, kept["id"])
        self.last_seq: int = max(row[1] or 0, kept["seq"])
        self.total = self.count()

    def add(self, messages: Iterable[Message]) -> None:
        self._store.begin()
        self._store.db.executemany(
            "INSERT INTO messages (id, seq, msgid, msgtime, member, customer, sender, room,"
            " source, source_id, plain, key_version) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            (self._row(message) for message in messages),
        )

    def _row(self, m: Message) -> tuple[object, ...]:
        self.last_id += 1
        self.total += 1
        seq = self._next_seq() if m.archived else None
        return (
            self.last_id, seq, m.msgid, m.msgtime, m.member, m.customer, m.sender, m.room,
            m.source, m.source_id, dump(m.plain), m.key_version,
        )  # fmt: skip

    def _next_seq(self) -> int:
        # The real numbers have gaps; a client that counts on "plus one" must fail here.
        self.last_seq += 1 if self.last_id % 7 else 3
        return self.last_seq

    def repeat(self, msgid: str) -> None:
        """The same record under a new number, as WeCom sometimes returns it."""
        self._store.begin()
        self.last_id += 1
        self._store.db.execute(
            "INSERT INTO messages SELECT ?, ?, msgid, msgtime, '', '', sender, '', 'repeat',"
            " source_id, plain, key_version, random_key, cipher FROM messages"
            " WHERE msgid = ? ORDER BY id LIMIT 1",
            (self.last_id, self._next_seq(), msgid),
        )

    def since(self, seq: int, limit: int, oldest: int) -> Docs:
        rows = self._store.db.execute(
            f"SELECT {_COLUMNS} FROM messages"  # noqa: S608
            " WHERE seq > ? AND msgtime >= ? ORDER BY seq LIMIT ?",
            (seq, oldest, limit),
        )
        names = [name.strip() for name in _COLUMNS.split(",")]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def seal(self, seq: int, key_version: int, random_key: str, cipher: str) -> None:
        self._store.begin()
        self._store.db.execute(
            "UPDATE messages SET key_version = ?, random_key = ?, cipher = ? WHERE seq = ?",
            (key_version, random_key, cipher, seq),
        )

    def count(self, where: str = "1", *values: object) -> int:
        """`where` is always a literal of this package."""
        query = f"SELECT count(*) FROM messages WHERE {where}"  # noqa: S608
        return int(self._store.db.execute(query, values).fetchone()[0])

    def chatted(self, member: str, customer: str) -> bool:
        """Whether the two have talked; an answer to the archiving notice is no talk."""
        where = "member = ? AND customer = ? AND source <> 'agree'"
        return self.count(where, member, customer) > 0

    def find(self, msgid: str) -> Doc | None:
        found = self.select("msgid = ?", msgid, limit=1)
        return found[0] if found else None

    def select(self, where: str, *values: object, limit: int = 1000, after: int = 0) -> Docs:
        """`where` is always a literal of this package. The newest `limit` rows, oldest first."""
        rows = self._store.db.execute(
            "SELECT id, seq, msgid, msgtime, member, customer, sender,"  # noqa: S608
            " room, source, source_id,"
            f" plain FROM messages WHERE {where} AND id > ? ORDER BY id DESC LIMIT ?",
            (*values, after, limit),
        ).fetchall()
        return [_shown(row) for row in reversed(rows)]

    def latest_per_customer(self, member: str, limit: int = 50) -> list[tuple[str, int]]:
        rows = self._store.db.execute(
            "SELECT customer, max(id) AS newest FROM messages WHERE member = ? AND customer != ''"
            " GROUP BY customer ORDER BY newest DESC LIMIT ?",
            (member, limit),
        )
        return [(customer, newest) for customer, newest in rows]

    def clear(self) -> None:
        """Empties the log; the numbers go on, as a client may remember its last one."""
        self._store.begin()
        self._store.db.execute("DELETE FROM messages")
        self._numbers.put("last", {"id": self.last_id, "seq": self.last_seq})
        self.total = 0


def _shown(row: tuple[object, ...]) -> Doc:
    names = (
        "id", "seq", "msgid", "msgtime", "member", "customer", "from", "room", "source",
        "source_id",
    )  # fmt: skip
    shown: Doc = dict(zip(names, row[:-1], strict=True))
    plain = json.loads(str(row[-1]))
    shown["msgtype"] = plain.get("msgtype") or plain.get("action")
    shown["text"] = plain.get("text", {}).get("content", "")
    shown["message"] = plain
    return shown
