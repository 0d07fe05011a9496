"""Freezes a segment into exactly these people under one hash."""

import hashlib

from django.db import connection, transaction

from campaigns.models import AudienceSnapshot
from contacts.models import Segment
from contacts.selectors import segment_queryset
from scrm.accounts.models import User
from scrm.core.errors import BusinessError


@transaction.atomic
def freeze(*, segment: Segment, user: User) -> AudienceSnapshot:
    """Snapshot of the segment as `user` may see it; refused when nobody is in it."""
    snapshot = AudienceSnapshot.objects.create(
        segment=segment, rule=segment.rule, size=0, digest="-"
    )
    people = segment_queryset(segment.rule, user=user).order_by().values("pk")
    sql, params = people.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO campaigns_audiencemember (snapshot_id, customer_id) "  # noqa: S608
            # The inner SQL is the ORM's own; its values travel as parameters.
            f"SELECT %s, found.id FROM ({sql}) AS found(id)",
            [snapshot.pk, *params],
        )
        snapshot.size = cursor.rowcount
    if not snapshot.size:
        raise BusinessError("客群里现在没有人，请调整条件后再提交。", code="empty_audience")
    snapshot.digest = digest_of(snapshot)
    snapshot.save(update_fields=["size", "digest"])
    return snapshot


def digest_of(snapshot: AudienceSnapshot) -> str:
    """Hash over the sorted customer ids; changes with every person added or removed."""
    running = hashlib.sha256()
    ids = snapshot.members.order_by("customer_id").values_list("customer_id", flat=True)
    for pk in ids.iterator(chunk_size=10_000):
        running.update(b"%d," % pk)
    return running.hexdigest()
