"""What a person was shown, and since when: a signed note that travels with the decision form."""

import datetime
from dataclasses import dataclass

from django.core import signing
from django.utils import timezone

from compliance.models import Alert
from scrm.accounts.models import User
from scrm.core.errors import BusinessError

_SALT = "compliance.seen"
_A_DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Seen:
    text_hash: str
    since: datetime.datetime

    def seconds(self) -> int:
        return max(0, int((timezone.now() - self.since).total_seconds()))


def note(alert: Alert, user: User) -> str:
    """Made when the alert is shown; nobody else's note, and no other alert's, is accepted."""
    return signing.dumps(
        [alert.pk, user.pk, alert.text_hash, timezone.now().timestamp()], salt=_SALT
    )


def read(value: str, alert: Alert, user: User) -> Seen | None:
    """None: there is no note (a decision by API or by a rule). Raises when it does not fit."""
    if not value:
        return None
    try:
        pk, person, text_hash, since = signing.loads(value, salt=_SALT, max_age=_A_DAY)
    except signing.BadSignature:
        raise BusinessError("页面打开太久或已损坏，请刷新后再处理。", code="seen") from None
    if (pk, person, text_hash) != (alert.pk, user.pk, alert.text_hash):
        raise BusinessError("你看到的内容与这条预警不一致，请刷新后再处理。", code="seen")
    return Seen(text_hash, datetime.datetime.fromtimestamp(since, tz=datetime.UTC))
