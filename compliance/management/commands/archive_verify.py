"""manage.py archive_verify: one sentence, exit status 1 when the archive is not what was sealed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from compliance.archive.verify import archive_verify
from scrm.core.actors import SystemActor


class Command(BaseCommand):
    help = "Recomputes the seal chain over the whole message archive."

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = archive_verify(actor=SystemActor("archive_verify"))
        if not verdict.ok:
            raise CommandError(verdict.sentence)
        self.stdout.write(f"{verdict.sentence}\n链头 {verdict.head or '—'}")
