"""The database side of the demo bank: COPY, and what makes a large load quick."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from contacts.demo.plan import TABLES

# Behaviour has no foreign keys, so no cascade reaches it. The audit trail stays.
_REPLACED = (
    "accounts_branch, accounts_user, contacts_product, contacts_taggroup, contacts_customer, "
    "contacts_externalcontact, contacts_customerevent"
)
# Below this many customers, building indexes anew costs more than it saves.
_REBUILD_FROM = 50_000
_SECONDARY = """
SELECT i.indexrelid::regclass::text, replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ')
FROM pg_index i
WHERE i.indrelid = ANY(%s::regclass[]) AND NOT i.indisunique AND NOT i.indisprimary
ORDER BY 1
"""


def copy(table: str, text: str) -> None:
    columns = ", ".join(TABLES[table].split())
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", io.StringIO(text), size=1 << 20)


def prepare(*, replace: bool) -> None:
    """Empties the bank if asked, and makes the months that the behaviour stream will need."""
    with connection.cursor() as cursor:
        if replace:
            # Append-only tables refuse even a demo's TRUNCATE; they go with the bank they speak of.
            # Foreign keys are checked at commit; a table with checks pending cannot be emptied.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            _trust(cursor, True)
            cursor.execute(f"TRUNCATE {_REPLACED} RESTART IDENTITY CASCADE")
            _trust(cursor, False)
        cursor.execute(
            "SELECT contacts_ensure_event_partitions((now() - interval '14 months')::date, "
            "(now() + interval '2 months')::date)"
        )


@contextmanager
def loading(customers: int) -> Iterator[None]:
    """Loads without row-by-row foreign-key checks (they hold by construction) and, when it is much,
    without secondary indexes, which are built once at the end. Ends with fresh statistics."""
    with connection.cursor() as cursor:
        _trust(cursor, True)
        indexes = _drop_indexes(cursor) if customers >= _REBUILD_FROM else []
        yield
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
        for definition in indexes:
            cursor.execute(definition)
        _trust(cursor, False)
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('contacts_customer', 'id'), max(id)) "
            "FROM contacts_customer"
        )
        for table in TABLES:
            cursor.execute(f"ANALYZE {table}")


def _trust(cursor: Any, trusted: bool) -> None:
    """Only a superuser may; others load with all checks, correct and slower."""
    cursor.execute("SELECT current_setting('is_superuser') = 'on'")
    if cursor.fetchone()[0]:
        role = "replica" if trusted else "origin"
        cursor.execute("SET LOCAL session_replication_role = %s", [role])


def _drop_indexes(cursor: Any) -> list[str]:
    cursor.execute(_SECONDARY, [list(TABLES)])
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f"DROP INDEX {name}")
    return [definition for _, definition in found]
