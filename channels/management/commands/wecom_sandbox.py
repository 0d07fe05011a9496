import sys
from typing import Any

from django.core.management.base import BaseCommand

from channels.sandbox.main import main


class Command(BaseCommand):
    help = "Runs the WeCom simulator; options as `python -m channels.sandbox --help` tells."
    requires_system_checks: list[str] = []

    def run_from_argv(self, argv: list[str]) -> None:
        sys.exit(main(argv[2:]))

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(main([]))
