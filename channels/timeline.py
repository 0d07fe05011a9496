"""What the channels know of one customer: the greeting they got."""

from collections.abc import Iterable

from channels.models import Welcome
from contacts import timeline
from contacts.models import Customer
from contacts.timeline import Entry


def greeted(customer: Customer, limit: int) -> Iterable[Entry]:
    ids = customer.contacts.values("external_userid")
    rows = Welcome.objects.filter(external_userid__in=ids, state=Welcome.State.SENT)
    for row in rows.order_by("-settled_at")[:limit]:
        yield Entry(row.settled_at or row.happened_at, "chat", "发送欢迎语", row.text)


def connect() -> None:
    timeline.provider(greeted)
