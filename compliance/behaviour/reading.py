"""Reads the archive forward, each message once for each rule. Call within a transaction."""

from collections.abc import Iterator
from typing import Any

from compliance.models import ArchivedMessage, BehaviourMark


def new_messages(code: str, **wanted: Any) -> Iterator[ArchivedMessage]:
    """Messages with a known employee that this rule has not read; moves its mark at the end.

    The mark's row is the lock: of two workers one reads, the other waits and finds nothing.
    """
    BehaviourMark.objects.get_or_create(code=code)
    mark = BehaviourMark.objects.select_for_update().get(code=code)
    newest = ArchivedMessage.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    rows = ArchivedMessage.objects.filter(
        pk__gt=mark.message_id, pk__lte=newest, action="send", user__isnull=False, **wanted
    ).select_related("user__branch", "customer")
    yield from rows.order_by("pk").iterator(chunk_size=500)
    mark.message_id = newest
    mark.save(update_fields=["message_id"])
