"""Where live codes hang into the rest: arrivals, the customer's timeline."""

from collections.abc import Iterable

from channels import signals
from channels.codes import arrivals
from channels.models import ContactWay
from contacts import timeline
from contacts.models import Customer, Follow


def channel_entries(customer: Customer, limit: int) -> Iterable[timeline.Entry]:
    """Which code brought the customer to whom."""
    follows = Follow.objects.filter(contact__customer=customer).exclude(channel_state="")
    rows = list(follows.select_related("user").order_by("-added_at")[:limit])
    ways = ContactWay.objects.filter(channel_state__in=[row.channel_state for row in rows])
    names = {way.channel_state: " · ".join(filter(None, (way.name, way.channel))) for way in ways}
    for row in rows:
        if row.channel_state in names:
            title = f"扫活码添加{row.user.name}"
            yield timeline.Entry(row.added_at, "behaviour", title, names[row.channel_state])


def connect() -> None:
    signals.follow_changed.connect(arrivals.on_follow_changed, dispatch_uid="channels.codes")
    timeline.provider(channel_entries)
