"""WeCom tells that new chat records wait: ring the puller after commit."""

from typing import Any

from django.dispatch import receiver

from channels.signals import archive_notified
from scrm.core.bell import ring


@receiver(archive_notified)
def on_archive_notified(corp_id: str, **_: Any) -> None:
    # Imported here: tasks stand above receivers in the import order of the app.
    from compliance.tasks import archive_pull

    ring(archive_pull)
