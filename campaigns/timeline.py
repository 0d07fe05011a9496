"""What campaigns know of one customer, and the scripts an RM may use with them."""

import datetime
from collections.abc import Iterable

from django.conf import settings
from django.utils import timezone

from campaigns.library.selectors import scripts, usable_versions
from campaigns.models import Delivery
from contacts import panels, timeline
from contacts.models import Customer, CustomerEvent
from contacts.timeline import Entry
from scrm.accounts.models import User


def sent(customer: Customer, limit: int) -> Iterable[Entry]:
    rows = Delivery.objects.filter(customer=customer, delivered_at__isnull=False)
    for row in rows.select_related("campaign", "user").order_by("-delivered_at")[:limit]:
        extra = "，已点击" if row.clicked_at else ""
        sender = row.user.name if row.user else ""
        yield Entry(
            row.delivered_at or row.changed_at,
            "campaign",
            f"收到「{row.campaign.name}」",
            f"{sender} 发送{extra}",
        )


def side(user: User, customer: Customer | None) -> panels.Panel | None:
    """Scripts and approved contents that fit the customer's risk level now."""
    if customer is None:
        return None
    level = customer.valid_risk_level(timezone.localdate())
    fitting = [
        version
        for version in usable_versions(user)[:20]
        if version.product is None or version.product.risk_grade <= level
    ]
    context = {"scripts": scripts(user)[:6], "versions": fitting[:4]}
    return panels.Panel("campaigns/_scripts.html", context)


def budget(user: User, customer: Customer | None) -> panels.Panel | None:
    """How many marketing messages the customer may still get in the cap's window."""
    if customer is None:
        return None
    since = timezone.now() - datetime.timedelta(days=settings.CONTACT_CAP_DAYS)
    used = CustomerEvent.objects.filter(
        customer=customer, kind="mass_send", occurred_at__gte=since
    ).count()
    context = {
        "left": max(settings.CONTACT_CAP_COUNT - used, 0),
        "limit": settings.CONTACT_CAP_COUNT,
        "days": settings.CONTACT_CAP_DAYS,
    }
    return panels.Panel("campaigns/_budget.html", context)


def waiting(user: User, customer: Customer | None) -> panels.Panel | None:
    """Mass-send tasks that wait for this RM's tap in WeCom."""
    rows = Delivery.objects.visible_to(user).filter(state=Delivery.State.HANDED_OVER)
    tasks = rows.values_list("campaign__name", flat=True).distinct()
    return panels.Panel(
        "campaigns/_waiting.html", {"names": list(tasks[:5]), "people": rows.count()}
    )


def connect() -> None:
    timeline.provider(sent)
    panels.register("customer_side", side)
    panels.register("sidebar_scripts", side)
    panels.register("customer_head", budget)
    panels.register("workbench_side", waiting)
