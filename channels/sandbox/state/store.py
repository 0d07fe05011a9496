"""Rows in memory, written through to SQLite before an answer leaves.

Reads never touch the disk. A write marks its row; `commit` stores all marked rows in one
transaction. In WAL mode a commit is handed to the operating system without waiting for the disk,
so a killed process loses nothing that it had answered (a power cut may lose the last moments).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from channels.sandbox.types import Doc

_SCHEMA = """
CREATE TABLE IF NOT EXISTS docs (
    kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY, seq INTEGER UNIQUE, msgid TEXT NOT NULL, msgtime INTEGER NOT NULL,
    member TEXT NOT NULL, customer TEXT NOT NULL, sender TEXT NOT NULL, room TEXT NOT NULL,
    source TEXT NOT NULL, source_id TEXT NOT NULL, plain TEXT NOT NULL,
    key_version INTEGER NOT NULL, random_key TEXT, cipher TEXT
);
CREATE INDEX IF NOT EXISTS messages_customer ON messages (customer, id);
CREATE INDEX IF NOT EXISTS messages_member ON messages (member, id);
CREATE INDEX IF NOT EXISTS messages_room ON messages (room, id) WHERE room != '';
CREATE INDEX IF NOT EXISTS messages_msgid ON messages (msgid);
"""


def dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Table:
    """Rows of one kind by key, in insertion order."""

    def __init__(self, name: str, store: Store) -> None:
        self.name = name
        self._store = store
        self.rows: dict[str, Doc] = {}
        # Grows with every change, for those who keep something made of these rows.
        self.version = 0

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, key: object) -> bool:
        return key in self.rows

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def values(self) -> Iterable[Doc]:
        return self.rows.values()

    def get(self, key: str) -> Doc | None:
        return self.rows.get(key)

    def put(self, key: str, doc: Doc) -> Doc:
        self.rows[key] = doc
        self.save(key)
        return doc

    def save(self, key: str) -> None:
        """Call after changing a row in place."""
        self.version += 1
        self._store.mark(self.name, key)

    def drop(self, key: str) -> None:
        if self.rows.pop(key, None) is not None:
            self.save(key)

    def clear(self) -> None:
        for key in list(self.rows):
            self.drop(key)

    def prune(self, keep: int) -> None:
        """Forget the oldest rows of a log-like table."""
        for key in list(self.rows)[: max(0, len(self.rows) - keep)]:
            self.drop(key)


class Store:
    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=NORMAL")
        self.db.executescript(_SCHEMA)
        self._tables: dict[str, Table] = {}
        self._marked: dict[tuple[str, str], None] = {}
        self._in_transaction = False
        self._load()

    def _load(self) -> None:
        for kind, key, value in self.db.execute("SELECT kind, key, value FROM docs"):
            self.table(kind).rows[key] = json.loads(value)

    def table(self, name: str) -> Table:
        if name not in self._tables:
            self._tables[name] = Table(name, self)
        return self._tables[name]

    def mark(self, kind: str, key: str) -> None:
        self._marked[(kind, key)] = None

    def begin(self) -> None:
        """Open the transaction lazily: a read-only request never pays for one."""
        if not self._in_transaction:
            self.db.execute("BEGIN")
            self._in_transaction = True

    def commit(self) -> None:
        if not self._marked and not self._in_transaction:
            return
        self.begin()
        self._write_marked()
        self.db.execute("COMMIT")
        self._in_transaction = False

    def _write_marked(self) -> None:
        changed: list[tuple[str, str, str]] = []
        gone: list[tuple[str, str]] = []
        for kind, key in self._marked:
            row = self._tables[kind].rows.get(key)
            if row is None:
                gone.append((kind, key))
            else:
                changed.append((kind, key, dump(row)))
        self.db.executemany("REPLACE INTO docs (kind, key, value) VALUES (?, ?, ?)", changed)
        self.db.executemany("DELETE FROM docs WHERE kind = ? AND key = ?", gone)
        self._marked.clear()

    def close(self) -> None:
        self.commit()
        self.db.close()
