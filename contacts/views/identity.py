"""Identity review: "which customer is this WeChat person?" """

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from contacts import services
from contacts.identity import doubt_counts, doubt_rows
from contacts.models import Customer, IdentityDoubt
from scrm.accounts.request import Request
from scrm.core.access import ADMIN, HQ, access
from scrm.core.errors import BusinessError
from scrm.core.pages import go, page_of, perform
from scrm.core.scope import fetch

_PAGE = 10


@access({ADMIN, HQ})
def doubts(request: Request) -> HttpResponse:
    decided = request.GET.get("tab") == "decided"
    context = {
        "page": page_of(request, doubt_rows(request.user, decided=decided), _PAGE),
        "counts": doubt_counts(request.user),
        "decided": decided,
    }
    return render(request, "contacts/doubts.html", context)


@require_POST
@access(set(), {ADMIN, HQ})
def doubt_decide(request: Request, pk: int) -> HttpResponse:
    """customer: pk of the chosen candidate, or empty for none of them; reason."""
    doubt = fetch(IdentityDoubt.objects.visible_to(request.user), pk=pk)
    chosen, reason = request.POST.get("customer", ""), request.POST.get("reason", "")

    def act() -> None:
        if chosen == "none":
            services.identity_reject(doubt=doubt, reason=reason, actor=request.user)
            return
        if not chosen.isdecimal():
            raise BusinessError("请选择一位客户，或选择「都不是」。")
        customer = fetch(Customer.objects.visible_to(request.user), pk=chosen)
        services.identity_link(doubt=doubt, customer=customer, reason=reason, actor=request.user)

    perform(request, act, "已记录核对结果。")
    return go(request, "contacts:doubts")
