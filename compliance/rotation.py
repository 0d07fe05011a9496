"""Puts every encrypted column under the first of FIELD_KEYS, batch by batch.

Each batch commits its rows with its place, so a kill costs one batch and nothing is done twice. Rows
written meanwhile already have the new key. An old key may go when `remaining` says 0 for every column;
files of the archive keep the key they were written with, which is in their headers.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from django.utils import timezone

from compliance.archive.blobs import current_key_id
from compliance.models import KeyRotation
from scrm.audit.services import record
from scrm.core import crypto, faults
from scrm.core.actors import Actor
from scrm.core.fields import EncryptedTextField, RowEncryptedTextField, Sealed

_BATCH = 500
Column = tuple[type[models.Model], Any]


def columns() -> Iterator[Column]:
    """Every encrypted field of every model."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, EncryptedTextField | RowEncryptedTextField):
                yield model, field


def remaining(model: type[models.Model], field: Any) -> int:
    """Values of that column that stand under another key."""
    table, column = model._meta.db_table, field.column
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM {table} "  # noqa: S608 - names of our own models
            f"WHERE {column} <> '' AND split_part({column}, '.', 1) <> %s",
            [current_key_id()],
        )
        return int(cursor.fetchone()[0])


def rotate(*, actor: Actor) -> int:
    """Returns how many values were put under the first key."""
    changed = sum(_rotate_column(model, field) for model, field in columns())
    record("retention.rotate", actor=actor, after={"changed": changed, "key": current_key_id()})
    return changed


def _rotate_column(model: type[models.Model], field: Any) -> int:
    place, _ = KeyRotation.objects.get_or_create(
        table=model._meta.db_table, column=field.column, key_id=current_key_id()
    )
    if place.finished_at and remaining(model, field):
        # Finished before, but rows came under another key since: from the start.
        KeyRotation.objects.filter(pk=place.pk).update(last_pk=0, finished_at=None)
    count = 0
    while (done := _batch(model, field, place.pk)) is not None:
        count += done
    return count


@transaction.atomic
def _batch(model: type[models.Model], field: Any, place_pk: int) -> int | None:
    place = KeyRotation.objects.select_for_update().get(pk=place_pk)
    pk, table, column = str(model._meta.pk.column), model._meta.db_table, field.column
    bound = getattr(field, "bound_to", "") or pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {pk}, {bound}, {column} FROM {table} "  # noqa: S608
            f"WHERE {pk} > %s ORDER BY {pk} LIMIT %s FOR UPDATE",
            [place.last_pk, _BATCH],
        )
        rows = cursor.fetchall()
    if not rows:
        place.finished_at = timezone.now()
        place.save(update_fields=["finished_at"])
        return None
    changed = [(row[0], _again(model, field, row[1], row[2])) for row in rows if _old(row[2])]
    _write(table, pk, column, changed)
    faults.reach("F11")
    place.last_pk, place.changed = rows[-1][0], place.changed + len(changed)
    place.save(update_fields=["last_pk", "changed"])
    return len(changed)


def _old(value: str | None) -> bool:
    return bool(value) and str(value).partition(".")[0] != current_key_id()


def _again(model: type[models.Model], field: Any, bound: Any, value: str) -> str:
    if isinstance(field, RowEncryptedTextField):
        where = f"{model._meta.db_table}.{field.column}|{bound}"
    else:
        where = f"{model._meta.db_table}.{field.column}"
    return Sealed(crypto.encrypt(crypto.decrypt(value, where), where))


def _write(table: str, pk: str, column: str, values: list[tuple[int, str]]) -> None:
    if not values:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} t SET {column} = v.value "  # noqa: S608
            "FROM (SELECT unnest(%s::bigint[]) AS pk, unnest(%s::text[]) AS value) v "
            f"WHERE t.{pk} = v.pk",
            [[key for key, _ in values], [str(value) for _, value in values]],
        )
