"""Model fields of the house."""

from typing import Any

from django.db import models

from scrm.core import crypto


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is encrypted at rest; in Python it is plain. It cannot be searched."""

    def _column(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def get_prep_value(self, value: Any) -> Any:
        return crypto.encrypt(value, self._column()) if value else value

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return crypto.decrypt(value, self._column()) if value else value
