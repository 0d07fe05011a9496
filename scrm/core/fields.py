"""Model fields of the house."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models.query_utils import DeferredAttribute

from scrm.core import crypto


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is encrypted at rest; in Python it is plain. It cannot be searched."""

    def _column(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def get_prep_value(self, value: Any) -> Any:
        return crypto.encrypt(value, self._column()) if value else value

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return crypto.decrypt(value, self._column()) if value else value


class Sealed(str):
    """A ciphertext as it stands in the database."""

    __slots__ = ()


class _Opened(DeferredAttribute):
    """Opens the ciphertext when it is first asked for: many readers never ask."""

    field: "RowEncryptedTextField"

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        value = instance.__dict__.get(self.field.attname)
        if value is None:
            value = super().__get__(instance, cls)
        if isinstance(value, Sealed):
            value = instance.__dict__[self.field.attname] = self.field.opened(value, instance)
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class RowEncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text encrypted at rest and bound to its row: copied into another row it does not open.

    `bound_to` names the attribute that tells the rows apart; it is set before the row is stored and
    never changes. Reading raises crypto.DecryptionFailed at the access, not at the query.
    """

    descriptor_class = _Opened

    def __init__(self, *args: Any, bound_to: str, **kwargs: Any) -> None:
        self.bound_to = bound_to
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "bound_to": self.bound_to}

    def place(self, instance: Any) -> str:
        """What the ciphertext is bound to: table, column and row."""
        row = getattr(instance, self.bound_to)
        if row is None:
            raise ValueError(f"{self.name}: {self.bound_to} must be known before encrypting")
        return f"{self._column}|{row}"

    @cached_property
    def _column(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def opened(self, value: str, instance: Any) -> str:
        return crypto.decrypt(value, self.place(instance)) if value else ""

    def sealed(self, instance: Any) -> Sealed:
        value = instance.__dict__[self.attname]
        if isinstance(value, Sealed) or not value:
            return Sealed(value)
        return Sealed(crypto.encrypt(value, self.place(instance)))

    def sealed_all(self, rows: Iterable[models.Model]) -> list[str]:
        """Of each row, by one call."""
        values = [(row, row.__dict__[self.attname]) for row in rows]
        plain = [(v, self.place(row)) for row, v in values if v and not isinstance(v, Sealed)]
        fresh = iter(crypto.encrypt_all(plain))
        return [v if not v or isinstance(v, Sealed) else next(fresh) for _, v in values]

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        return self.sealed(model_instance)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if value and not isinstance(value, Sealed):
            raise TypeError(f"{self.name} can only be written through its row")
        return super().get_db_prep_save(value, connection)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return Sealed(value)
