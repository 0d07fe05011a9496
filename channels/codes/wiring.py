"""Where live codes hang into the rest: arrivals, the customer's timeline."""

from collections.abc import Collection, Iterable

from channels import signals
from channels.codes import arrivals
from channels.models import ContactWay
from contacts import timeline
from contacts.models import Customer, Follow
from contacts.segments.codes import Codes, register
from scrm.accounts.models import User


def channel_entries(customer: Customer, limit: int) -> Iterable[timeline.Entry]:
    """Which code brought the customer to whom."""
    follows = Follow.objects.filter(contact__customer=customer).exclude(channel_state="")
    rows = list(follows.select_related("user").order_by("-added_at")[:limit])
    ways = ContactWay.objects.filter(channel_state__in=[row.channel_state for row in rows])
    names = {way.channel_state: _title(way) for way in ways}
    for row in rows:
        if row.channel_state in names:
            title = f"扫活码添加{row.user.name}"
            yield timeline.Entry(row.added_at, "behaviour", title, names[row.channel_state])


def _title(way: ContactWay) -> str:
    return " · ".join(filter(None, (way.channel, way.name)))


def _names(ids: Collection[int]) -> dict[int, str]:
    return {way.pk: _title(way) for way in ContactWay.objects.filter(pk__in=ids)}


def _options(user: User) -> list[tuple[int, str]]:
    rows = ContactWay.objects.visible_to(user).live().order_by("channel", "name")
    return [(way.pk, _title(way)) for way in rows]


CODES = Codes(
    names=_names,
    options=_options,
    states=lambda ids: ContactWay.objects.filter(pk__in=ids).values("channel_state"),
    ids=lambda states: dict(
        ContactWay.objects.filter(channel_state__in=list(states)).values_list("channel_state", "pk")
    ),
)


def connect() -> None:
    signals.follow_changed.connect(arrivals.on_follow_changed, dispatch_uid="channels.codes")
    timeline.provider(channel_entries)
    register(CODES)
