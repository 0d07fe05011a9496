"""The customer list: "who of my customers …?" """

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from contacts.filters import ORDERS, CustomerFilter
from contacts.models import Customer, Segment
from scrm.accounts.request import Request
from scrm.core.access import ADMIN, HQ, RM, access
from scrm.core.listing import CappedPaginator
from scrm.core.pages import partial_or_page

_template = partial_or_page("contacts/customers.html", "contacts/_customers.html")
_CHIPS = ("tier", "stage", "maturing")
# The questions asked most, as tabs over the list: title, query string.
_VIEWS = (
    ("全部", ""),
    ("30 天内到期", "maturing=30"),
    ("白金以上", "tier=platinum&tier=diamond&tier=private"),
    ("流失预警", "stage=churning"),
    ("最久未联系", "sort=last_contact_at"),
)


@access({RM, ADMIN, HQ})
def customers(request: Request) -> HttpResponse:
    rows = Customer.objects.visible_to(request.user).select_related("owner", "branch")
    found = CustomerFilter(request.GET, queryset=rows, request=request)
    context = {
        "page": CappedPaginator(found.qs, 20).get_page(request.GET.get("page")),
        "chips": _chips(request, found),
        "segment": _segment(request),
        "views": _VIEWS,
        "asked": _asked(request),
        "tiers": Customer.Tier.choices,
        "stages": Customer.Stage.choices,
        "maturities": found.filters["maturing"].extra["choices"],
        "orders": ORDERS,
        "sort": request.GET.get("sort") or "-aum",
        "q": request.GET.get("q", ""),
    }
    return render(request, _template(request), context)


def _asked(request: Request) -> str:
    """The query string without the page, to tell which saved view is open."""
    params = request.GET.copy()
    params.pop("page", None)
    return params.urlencode()


def _segment(request: Request) -> Segment | None:
    asked = request.GET.get("segment", "")
    if not asked.isdecimal():
        return None
    return Segment.objects.visible_to(request.user).filter(pk=asked).first()


def _chips(request: Request, found: CustomerFilter) -> list[dict[str, Any]]:
    """Active filters, each with the query string that drops it."""
    chips = []
    for name in _CHIPS:
        labels = {str(value): label for value, label in found.filters[name].extra["choices"]}
        for value in request.GET.getlist(name):
            if value in labels:
                chips.append({"label": labels[value], "query": _without(request, name, value)})
    return chips


def _without(request: Request, name: str, value: str) -> str:
    params = request.GET.copy()
    params.setlist(name, [item for item in params.getlist(name) if item != value])
    params.pop("page", None)
    return f"?{params.urlencode()}"
