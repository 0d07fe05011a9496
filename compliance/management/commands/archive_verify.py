"""manage.py archive_verify: exit status 1 when the archive is not what was logged and anchored."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from compliance.archive.verify import archive_verify
from scrm.core.actors import SystemActor


class Command(BaseCommand):
    help = "Recomputes every leaf from its row, the tree, the heads and the anchors."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--incremental",
            action="store_true",
            help="recompute only what came after the last anchor that was found in order",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = archive_verify(
            actor=SystemActor("archive_verify"), incremental=options["incremental"]
        )
        if not verdict.ok:
            raise CommandError("\n".join([verdict.sentence, *(f.sentence for f in verdict.faults)]))
        self.stdout.write(f"{verdict.sentence}\n树根 {verdict.root or '—'}")
