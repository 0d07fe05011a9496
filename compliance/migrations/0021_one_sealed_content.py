"""Body and text of a message were sealed one by one; now they are sealed as the leaf hashes them, in
one. What was logged stays true: the leaf always hashed both together.
"""

from typing import Any

from django.db import migrations

import compliance.models.content
from compliance.archive.guard import MESSAGE_GUARD
from compliance.models.content import Content
from scrm.core import crypto

_BATCH = 2000
_TABLE = "compliance_archivedmessage"
_READ = f"""
SELECT id, envelope_id, body, text, EXISTS (
    SELECT 1 FROM compliance_purgeitem i WHERE i.message_id = m.id AND i.state = 'purged')
FROM {_TABLE} m WHERE id > %s ORDER BY id LIMIT {_BATCH}
"""  # noqa: S608 - no value in it
_WRITE = f"""
UPDATE {_TABLE} m SET content = v.content
FROM (SELECT unnest(%s::bigint[]) AS id, unnest(%s::text[]) AS content) v WHERE m.id = v.id
"""  # noqa: S608


def seal_in_one(apps: Any, schema_editor: Any) -> None:
    """A value that does not open ends the migration, with nothing changed: it must be looked into."""
    after = 0
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {_TABLE} DISABLE TRIGGER {_TABLE}_no_change")
        while True:
            cursor.execute(_READ, [after])
            rows = cursor.fetchall()
            if not rows:
                break
            after = rows[-1][0]
            cursor.execute(_WRITE, [[row[0] for row in rows], _sealed(rows)])
        cursor.execute(f"ALTER TABLE {_TABLE} ENABLE TRIGGER {_TABLE}_no_change")


def _sealed(rows: list[tuple[Any, ...]]) -> list[str]:
    kept = [row for row in rows if not row[4]]
    said = (Content.of(_opened(row, "body", row[2]), _opened(row, "text", row[3])) for row in kept)
    places = [f"{_TABLE}.content|{row[1]}" for row in kept]
    sealed = iter(crypto.encrypt_all(zip(said, places, strict=True)))
    return ["" if row[4] else next(sealed) for row in rows]


def _opened(row: tuple[Any, ...], column: str, value: str) -> str:
    return crypto.decrypt(value, f"{_TABLE}.{column}|{row[1]}") if value else ""


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0020_ascending_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="archivedmessage",
            name="content",
            field=compliance.models.content.ContentField(
                blank=True, bound_to="envelope_id", default=""
            ),
            preserve_default=False,
        ),
        migrations.RunPython(seal_in_one),
        migrations.RemoveField(model_name="archivedmessage", name="body"),
        migrations.RemoveField(model_name="archivedmessage", name="text"),
        migrations.RunSQL(MESSAGE_GUARD),
    ]
