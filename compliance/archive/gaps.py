"""Asks WeCom again for the numbers that were missing between two records.

Its numbering may have holes, but a record may also become visible late. A gap that stays empty three
times, the last time at least 45 seconds after it was seen, is noted as empty; until then it is open.
"""

import datetime

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from channels.providers.wecom.archive import ArchiveSdk
from compliance.archive import pull
from compliance.models import ArchiveEnvelope, ArchiveGap

_CHECKS = 3
_SETTLED_AFTER = datetime.timedelta(seconds=45)
_AT_ONCE = 1000
State = ArchiveGap.State


def check(sdk: ArchiveSdk) -> int:
    """One call for the gaps that lie within the next thousand records; returns how many filled."""
    corp = settings.WECOM_CORP_ID
    rows = ArchiveGap.objects.filter(corp_id=corp, state=State.OPEN).order_by("checks", "after")
    oldest = rows.first()
    if oldest is None:
        return 0
    answer = sdk.get_chat_data(oldest.after, _AT_ONCE)
    seqs = {int(row["seq"]) for row in answer}
    reach = max(seqs, default=oldest.before)
    asked = list(rows.filter(after__gte=oldest.after, before__lte=max(reach, oldest.before)))
    missing = [row for row in answer if any(g.after < int(row["seq"]) < g.before for g in asked)]
    if missing:
        pull.store(corp, missing)
    return sum(_settle(gap, seqs) for gap in asked)


def _settle(gap: ArchiveGap, seqs: set[int]) -> bool:
    found = any(gap.after < seq < gap.before for seq in seqs)
    stored = ArchiveEnvelope.objects.filter(
        corp_id=gap.corp_id, seq__gt=gap.after, seq__lt=gap.before
    )
    gap.checks += 1
    if found and stored.exists():
        gap.state = State.FILLED
    elif gap.checks >= _CHECKS and timezone.now() - gap.seen_at >= _SETTLED_AFTER:
        gap.state = State.EMPTY
    ArchiveGap.objects.filter(pk=gap.pk, state=State.OPEN).update(
        state=gap.state, checks=F("checks") + 1
    )
    return gap.state == State.FILLED
