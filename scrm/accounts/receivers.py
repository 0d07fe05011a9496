"""Sign-in and sign-out go to the audit trail; Django tells of them by signals."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core.actors import SystemActor


@receiver(user_logged_in)
def on_login(user: User, **_: Any) -> None:
    record("user.login", actor=user, obj=user)


@receiver(user_logged_out)
def on_logout(user: User | None, **_: Any) -> None:
    if user is not None:
        record("user.logout", actor=user, obj=user)


@receiver(user_login_failed)
def on_login_failed(credentials: dict[str, Any], **_: Any) -> None:
    record(
        "user.login_failed", actor=SystemActor("匿名"), label=str(credentials.get("username", ""))
    )
