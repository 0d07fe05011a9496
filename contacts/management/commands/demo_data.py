"""manage.py demo_data: the invented bank that the demonstration and the benchmarks stand on."""

from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from contacts.demo.load import make_bank
from scrm.core.errors import BusinessError


class Command(BaseCommand):
    help = "Fills an empty demo database with an invented bank, the same for the same seed and day."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--customers", type=int, default=5000)
        parser.add_argument("--rms", type=int, default=60)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--replace", action="store_true", help="empty the demo bank first")

    def handle(self, *args: Any, **options: Any) -> None:
        start = monotonic()
        try:
            made = make_bank(
                customers=options["customers"],
                managers=options["rms"],
                seed=options["seed"],
                replace=options["replace"],
            )
        except BusinessError as error:
            raise CommandError(error.message) from None
        self.stdout.write(
            f"{made.customers} customers, {made.managers} relationship managers, "
            f"{made.tasks} tasks in {monotonic() - start:.1f} s"
        )
