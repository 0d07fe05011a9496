"""Reviews: what is submitted, as the customer will see it; approve or reject with a reason."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from compliance import registry, review
from compliance.models import Review
from scrm.accounts.request import Request
from scrm.core.access import ADMIN, HQ, OFFICER, access
from scrm.core.pages import go, page_of, perform
from scrm.core.scope import fetch


@access({OFFICER, HQ, ADMIN})
def reviews(request: Request) -> HttpResponse:
    state = request.GET.get("state", Review.State.OPEN)
    rows = Review.objects.visible_to(request.user).select_related("submitted_by", "branch")
    if state != "all":
        rows = rows.filter(state=state)
    page = page_of(request, rows)
    for row in page:
        row.kind_label = registry.labels().get(row.kind, row.kind)
    states = [*Review.State.choices, ("all", "全部")]
    return render(
        request, "compliance/reviews.html", {"page": page, "state": state, "states": states}
    )


@access({OFFICER, HQ, ADMIN})
def review_detail(request: Request, pk: int) -> HttpResponse:
    row = fetch(
        Review.objects.visible_to(request.user).select_related("submitted_by", "decided_by"), pk=pk
    )
    context = {
        "review": row,
        "frozen": row.frozen,
        "findings": row.findings,
        "template": registry.reviewable(row.kind).template,
        "can_decide": request.user.role == OFFICER and row.state == Review.State.OPEN,
        "own": row.submitted_by_id == request.user.pk,
    }
    return render(request, "compliance/review.html", context)


@require_POST
@access(set(), {OFFICER})
def review_decide(request: Request, pk: int) -> HttpResponse:
    """POST decision=approve|reject, reason."""
    row = fetch(Review.objects.visible_to(request.user), pk=pk)
    reason = request.POST.get("reason", "").strip()
    if request.POST.get("decision") == "approve":
        perform(
            request,
            lambda: review.review_approve(review=row, actor=request.user, reason=reason),
            "已通过。",
        )
    else:
        perform(
            request,
            lambda: review.review_reject(review=row, actor=request.user, reason=reason),
            "已驳回，提交人会看到理由。",
        )
    return go(request, "compliance:review", pk)
