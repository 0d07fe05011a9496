"""One timeline per customer; upper apps append what they know in AppConfig.ready.

    @timeline.provider
    def sent(customer: Customer, limit: int) -> Iterable[Entry]: …

A provider returns at most `limit` entries, newest first. It must not return what the customer's
readers may not see: chat text belongs to the archive, not here.
"""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils import timezone

from contacts.models import Customer, CustomerEvent, FollowUp, Transaction

# Kind → (filter's title, icon, colour)
KINDS = {
    "chat": ("会话", "message", "blue"),
    "trade": ("交易", "arrows-exchange", "green"),
    "campaign": ("活动", "speakerphone", "purple"),
    "follow_up": ("跟进", "pencil", "orange"),
    "behaviour": ("行为", "device-mobile", "azure"),
    "risk": ("风险", "shield-exclamation", "red"),
}
LIMIT = 40


@dataclass(frozen=True, slots=True)
class Entry:
    at: datetime.datetime
    kind: str
    title: str
    text: str = ""
    url: str = ""

    @property
    def icon(self) -> str:
        return KINDS[self.kind][1]

    @property
    def colour(self) -> str:
        return KINDS[self.kind][2]


Provider = Callable[[Customer, int], Iterable[Entry]]
PROVIDERS: list[Provider] = []


def provider(fn: Provider) -> Provider:
    if fn not in PROVIDERS:
        PROVIDERS.append(fn)
    return fn


def entries(customer: Customer, *, kind: str = "", limit: int = LIMIT) -> list[Entry]:
    """The newest entries of all providers, of one kind if asked."""
    # A filtered kind may be rare among the newest of a provider, so more is read.
    depth = limit if not kind else limit * 5
    found = [entry for fn in PROVIDERS for entry in fn(customer, depth)]
    wanted = [entry for entry in found if not kind or entry.kind == kind]
    return sorted(wanted, key=lambda entry: entry.at, reverse=True)[:limit]


_CHAT = {"message", "sent", "added", "deleted"}
_PAGES = {
    "wealth": "理财", "fund": "基金", "deposit": "存款", "insurance": "保险", "card": "信用卡",
    "loan": "贷款", "activity": "活动",
}  # fmt: skip
_SOURCES = {"mobile_bank": "手机银行", "wecom": "企业微信", "core": "核心系统", "h5": "活动页"}


@provider
def behaviour(customer: Customer, limit: int) -> Iterable[Entry]:
    # A year back: without a bound every monthly partition would be read.
    since = timezone.now() - datetime.timedelta(days=365)
    rows = CustomerEvent.objects.filter(customer=customer, occurred_at__gte=since)
    # Purchases come with their amount from the transactions.
    for row in rows.exclude(kind="purchase").order_by("-occurred_at")[:limit]:
        kind = "chat" if row.kind in _CHAT else "behaviour"
        page = _PAGES.get(row.properties.get("page", ""), "")
        place = " · ".join(part for part in (_SOURCES.get(row.source, row.source), page) if part)
        yield Entry(row.occurred_at, kind, row.label, place)


@provider
def trades(customer: Customer, limit: int) -> Iterable[Entry]:
    rows = Transaction.objects.filter(customer=customer).select_related("product")
    for row in rows.order_by("-occurred_at")[:limit]:
        what = row.product.name if row.product else row.category
        title = f"{row.get_kind_display()} ¥{row.amount:,.2f}"
        yield Entry(row.occurred_at, "trade", title, what)


@provider
def follow_ups(customer: Customer, limit: int) -> Iterable[Entry]:
    rows = FollowUp.objects.filter(customer=customer).select_related("user")
    for row in rows.order_by("-at")[:limit]:
        yield Entry(row.at, "follow_up", f"{row.user.name} 跟进", row.text)
