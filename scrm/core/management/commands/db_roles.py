"""manage.py db_roles: the application's database role, which cannot rewrite history."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from scrm import env
from scrm.core.roles import grant_application


class Command(BaseCommand):
    help = "Makes the application's role and sets its rights; run as the owner after each migrate."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", nargs="?", default="scrm_app")

    def handle(self, *args: Any, **options: Any) -> None:
        # APP_DB_PASSWORD or APP_DB_PASSWORD_FILE; without one the password stays as it is.
        tables = grant_application(options["role"], env.text("APP_DB_PASSWORD", ""))
        self.stdout.write(f"{options['role']}: {len(tables)} append-only tables")
