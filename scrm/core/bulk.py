"""Many rows in one statement, by COPY: several times cheaper a row than bulk_create.

For the few tables that take in thousands of rows a second. Values are those of the instances, as
their fields prepare them; no signals are sent. `made` and `read` make instances for the same
tables: Model.__init__ costs more than storing the row.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, TypeVar

from django.db import IntegrityError, connection, models, transaction
from django.db.models.base import ModelState

from scrm.core import copybinary, copytext
from scrm.core.fields import RowEncryptedTextField

_CHUNK = 1 << 18
M = TypeVar("M", bound=models.Model)
# By attname, the values of all rows.
Columns = Mapping[str, Sequence[Any]]


def made(model: type[M], values: dict[str, Any], related: dict[str, Any] | None = None) -> M:
    """A new instance of plain columns. `values` by attname ("user_id"); what is left out has its
    constant default, and what defaults to a function must be given. The row keeps `values`, so that
    dictionary is its own from then on. `related`: objects at hand."""
    row, state, (key, blank) = model.__new__(model), ModelState(), _blank(model)
    if related:
        state.fields_cache = related
    values.setdefault(key, None)
    # Filling in what is there costs more than all else that is done here.
    row.__dict__ = values if len(values) == len(blank) else {**blank, **values}
    row._state = state
    return row


def read(rows: "models.QuerySet[M]", names: Sequence[str] = ()) -> list[M]:
    """The stored rows as instances; with `names` only those columns by attname and the key."""
    model = rows.model
    wanted = names or [field.attname for field in model._meta.concrete_fields]
    columns = list(dict.fromkeys([str(model._meta.pk.attname), *wanted]))
    return [_stored_row(model, columns, row) for row in rows.values_list(*columns)]


def _stored_row(model: type[M], columns: list[str], values: Sequence[Any]) -> M:
    row = model.__new__(model)
    state = ModelState()
    state.adding, state.db = False, "default"
    row.__dict__ = dict(zip(columns, values, strict=True))
    row._state = state
    return row


def copy_in(rows: Sequence[models.Model]) -> None:
    """Inserts rows of one model; each gets its primary key first. A conflict fails them all."""
    if not rows:
        return
    model = type(rows[0])
    table, key = model._meta.db_table, model._meta.pk
    if isinstance(key, models.AutoField):
        # The property `pk` costs as much as all else that is done to a row here.
        for row, number in zip(rows, _next_ids(table, len(rows)), strict=True):
            row.__dict__[key.attname] = number
    for row in rows:
        row._state.adding, row._state.db = False, "default"
    _copy(table, model, _values(rows, [name for _, name, _ in copytext.columns(model)]))


def copy_columns(model: type[models.Model], values: Columns) -> None:
    """Inserts rows that nobody needs as instances. An automatic key is left out: the database
    gives it. A conflict fails them all."""
    _copy(model._meta.db_table, model, values)


@transaction.atomic
def insert_new(rows: Sequence[M], *, key: str = "") -> list[M]:
    """Inserts the rows that break no unique constraint; the others are left out in silence.

    `key` names a column that tells the given rows apart, such as "message_id": by it the rows that
    were stored are returned, with their primary keys. Without one, none need be.
    """
    if not rows:
        return []
    try:
        # Nearly always all are new.
        with transaction.atomic():
            copy_in(rows)
        return list(rows)
    except IntegrityError:
        model = type(rows[0])
        key = key or str(model._meta.pk.attname)
        stored = _insert_some(model, _values(rows, _own_names(model)), key)
        return _stored(rows, key, stored)


@transaction.atomic
def insert_new_columns(model: type[models.Model], values: Columns) -> None:
    """As `insert_new`, for rows that nobody needs as instances."""
    try:
        with transaction.atomic():
            copy_columns(model, values)
    except IntegrityError:
        _insert_some(model, values, str(model._meta.pk.attname))


def _own_names(model: type[models.Model]) -> list[str]:
    """The columns that the database does not give by itself."""
    names = [name for _, name, _ in copytext.columns(model)]
    return names[1:] if isinstance(model._meta.pk, models.AutoField) else names


def _insert_some(model: type[models.Model], values: Columns, key: str) -> dict[Any, int]:
    """By the column `key`: the primary keys of the rows that were stored."""
    table, pk = model._meta.db_table, model._meta.pk
    names = ", ".join(column for column, name, _ in copytext.columns(model) if name in values)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMP TABLE IF NOT EXISTS bulk_{table} ON COMMIT DELETE ROWS AS "  # noqa: S608
            f"SELECT {names} FROM {table} WITH NO DATA"
        )
        cursor.execute(f"DELETE FROM bulk_{table}")  # noqa: S608 - rows of an earlier call
        _copy(f"bulk_{table}", model, values)
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {names} FROM bulk_{table} "  # noqa: S608
            f"ON CONFLICT DO NOTHING RETURNING {key}, {pk.column}"
        )
        return dict(cursor.fetchall())


def _stored(rows: Sequence[M], key: str, ids: dict[Any, int]) -> list[M]:
    found = [row for row in rows if getattr(row, key) in ids]
    for row in found:
        row.pk = ids[getattr(row, key)]
        row._state.adding, row._state.db = False, "default"
    return found


def _copy(table: str, model: type[models.Model], values: Columns) -> None:
    columns = [column for column in copytext.columns(model) if column[1] in values]
    given = [values[name] for _, name, _ in columns]
    if binary := copybinary.columns(model):
        data, form = copybinary.data(given, [c for c in binary if c[1] in values]), "binary"
    else:
        data, form = copytext.text(given, columns).encode(), "text"
    names = ", ".join(column for column, _, _ in columns)
    with connection.wrap_database_errors, connection.cursor() as cursor:
        # Django's wrapper does not know COPY; the driver's cursor inside does.
        copy = f"COPY {table} ({names}) FROM STDIN (FORMAT {form})"
        cursor.cursor.copy_expert(copy, io.BytesIO(data), _CHUNK)


def _values(rows: Sequence[models.Model], names: Iterable[str]) -> Columns:
    """Column by column; text that is sealed to its row is sealed here."""
    seals, attributes = _sealed_fields(type(rows[0])), [row.__dict__ for row in rows]
    return {
        name: seals[name].sealed_all(rows)
        if name in seals
        else list(map(itemgetter(name), attributes))
        for name in names
    }


def _next_ids(table: str, count: int) -> list[int]:
    with connection.cursor() as cursor:
        # In the list of columns the name of the sequence would be looked up once a row.
        cursor.execute(
            "WITH s AS MATERIALIZED (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS name) "
            "SELECT nextval(s.name) FROM s, generate_series(1, %s)",
            [table, count],
        )
        return [row[0] for row in cursor.fetchall()]


@cache
def _blank(model: type[models.Model]) -> tuple[str, dict[str, Any]]:
    """The attname of the key, and the constant defaults of all columns that have one."""
    fields = model._meta.concrete_fields
    constant = [f for f in fields if not (f.has_default() and callable(f.default))]
    defaults = {field.attname: field.get_default() for field in constant}
    return str(model._meta.pk.attname), defaults


@cache
def _sealed_fields(model: type[models.Model]) -> dict[str, RowEncryptedTextField]:
    fields = model._meta.concrete_fields
    return {f.attname: f for f in fields if isinstance(f, RowEncryptedTextField)}
