from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from scrm.accounts.models import Branch, Role
from scrm.accounts.services import head_office_ensure, user_create
from scrm.core.actors import SystemActor
from scrm.core.errors import BusinessError


class Command(BaseCommand):
    help = "Creates a person who can sign in; the first one also creates the head office."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("name")
        parser.add_argument("role", choices=Role.values)
        parser.add_argument("--branch", default="", help="branch code; head office when left out")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = SystemActor("命令行")
        try:
            branch = self._branch(options["branch"], actor)
            user = user_create(
                username=options["username"],
                name=options["name"],
                role=options["role"],
                branch=branch,
                password=_password(),
                actor=actor,
            )
        except BusinessError as error:
            raise CommandError(error.message) from None
        self.stdout.write(f"{user.username} · {user.get_role_display()} · {branch}")

    def _branch(self, code: str, actor: SystemActor) -> Branch:
        if not code:
            return head_office_ensure(name="总行", code="HQ", actor=actor)
        branch = Branch.objects.filter(code=code).first()
        if branch is None:
            raise CommandError(f"没有机构号为 {code} 的机构。")
        return branch


def _password() -> str:
    """Asked for on the terminal, so that it stands in no shell history."""
    password = getpass("Password: ")
    try:
        validate_password(password)
    except ValidationError as error:
        raise CommandError("；".join(error.messages)) from None
    return password
