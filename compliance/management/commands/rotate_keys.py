from typing import Any

from django.core.management.base import BaseCommand

from compliance import rotation
from scrm.core.actors import SYSTEM


class Command(BaseCommand):
    help = (
        "Put every encrypted column under the first of FIELD_KEYS. May be killed and run again; "
        "prints what is left under older keys, which must stay configured until that is 0."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        changed = rotation.rotate(actor=SYSTEM)
        self.stdout.write(f"{changed} values changed")
        for model, field in rotation.columns():
            left = rotation.remaining(model, field)
            self.stdout.write(f"{model._meta.db_table}.{field.column}: {left} under older keys")
