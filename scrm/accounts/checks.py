"""System checks that keep demo people out of real banks."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.db.utils import ProgrammingError


@register(Tags.database)
def demo_logins(app_configs: Any, databases: Sequence[str] | None = None, **_: Any) -> list[Error]:
    """Without the demo setting no demo login may exist; `migrate` and the web server run this."""
    from scrm.accounts.models import User

    if settings.DEMO or not databases:
        return []
    try:
        found = User.objects.filter(is_demo=True).exists()
    except ProgrammingError:
        return []  # The table is not there yet: nobody can sign in either.
    if not found:
        return []
    return [Error("Demo logins exist in this database; delete them first.", id="accounts.E001")]
