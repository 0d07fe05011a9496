"""The WeCom sidebar: the person one is chatting with, in 320–420 px."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from contacts import services, timeline
from contacts.models import Customer, ExternalContact
from contacts.panels import panels
from contacts.selectors import contacts_visible_to
from contacts.views.profile import profile_context
from scrm.accounts.request import Request
from scrm.core.access import ADMIN, HQ, RM, access
from scrm.core.scope import fetch

TABS = {"profile": "画像", "scripts": "话术", "follow": "跟进"}


@access({RM, ADMIN, HQ})
def sidebar(request: Request, external_userid: str) -> HttpResponse:
    visible = contacts_visible_to(request.user).select_related(
        "customer__owner", "customer__branch"
    )
    contact: ExternalContact = fetch(visible, external_userid=external_userid)
    customer: Customer | None = contact.customer
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "profile"
    context: dict[str, Any] = {
        "contact": contact,
        "customer": customer,
        "tabs": TABS.items(),
        "tab": tab,
    }
    if customer is None:
        return render(request, "contacts/sidebar.html", context)
    if tab == "profile":
        services.customer_viewed(customer=customer, actor=request.user)
    context |= profile_context(request, customer)
    context["panels"] = panels("sidebar_scripts", request=request, customer=customer)
    context["entries"] = timeline.entries(customer, limit=10)
    return render(request, "contacts/sidebar.html", context)
