"""Four-eyes review of a frozen version. One open review per object; the author never decides."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from compliance import registry
from compliance.models import Review
from compliance.scanning import scan_text
from scrm.accounts.models import Branch, User
from scrm.audit.services import record
from scrm.core.actors import Actor
from scrm.core.errors import BusinessError, FourEyes

State = Review.State
BLOCKING_SEVERITY = 3


@transaction.atomic
def review_submit(*, kind: str, obj: Any, title: str, branch: Branch, actor: User) -> Review:
    """Freezes the object and opens its review; text with a blocking finding is refused."""
    frozen = registry.reviewable(kind).freeze(obj)
    findings = scan_findings(frozen.text)
    _refuse_blocking(findings)
    try:
        with transaction.atomic():
            review = Review.objects.create(
                kind=kind,
                object_id=obj.pk,
                title=title,
                frozen=frozen.view,
                digest=frozen.digest,
                findings=findings,
                branch=branch,
                submitted_by=actor,
            )
    except IntegrityError:
        raise BusinessError("它已经在审批中，不能重复提交。") from None
    record("review.submit", actor=actor, obj=review, after={"digest": frozen.digest[:16]})
    return review


def scan_findings(text: str) -> list[dict[str, Any]]:
    """Findings of severity 1 and above, as JSON for pages."""
    return [f for f in scan_text(text).to_json()["findings"] if f["severity"] >= 1]


def _refuse_blocking(findings: list[dict[str, Any]]) -> None:
    worst = [f for f in findings if f["severity"] >= BLOCKING_SEVERITY]
    if worst:
        words = "、".join(f"「{f['excerpt']}」" for f in worst[:3])
        raise BusinessError(f"文字中有禁止内容 {words}，请修改后再提交。", code="lexicon")


def _locked(review: Review) -> Review:
    return Review.objects.select_for_update().get(pk=review.pk)


def _decide(review: Review, state: str, reason: str, actor: User) -> Review:
    review = _locked(review)
    if review.state != State.OPEN:
        raise BusinessError(f"这条审批已经是「{review.get_state_display()}」，请刷新页面。")
    if review.submitted_by_id == actor.pk:
        raise FourEyes("不能审批自己提交的内容，请由另一位同事审批。", code="four_eyes")
    review.state, review.reason = state, reason
    review.decided_by, review.decided_at = actor, timezone.now()
    review.save(update_fields=["state", "reason", "decided_by", "decided_at"])
    return review


@transaction.atomic
def review_approve(*, review: Review, actor: User, reason: str = "") -> Review:
    """Approves exactly what was frozen; refused when the object has changed since."""
    review = _decide(review, State.APPROVED, reason, actor)
    entry = registry.reviewable(review.kind)
    obj = entry.load(review.object_id)
    if entry.freeze(obj).digest != review.digest:
        raise BusinessError("提交之后内容又有变化，请让提交人重新提交。", code="changed")
    entry.on_decision(obj, State.APPROVED, actor)
    record("review.approve", actor=actor, obj=review, reason=reason)
    return review


@transaction.atomic
def review_reject(*, review: Review, actor: User, reason: str) -> Review:
    if not reason.strip():
        raise BusinessError("驳回必须写明理由，提交人要知道改什么。")
    review = _decide(review, State.REJECTED, reason.strip(), actor)
    entry = registry.reviewable(review.kind)
    entry.on_decision(entry.load(review.object_id), State.REJECTED, actor)
    record("review.reject", actor=actor, obj=review, reason=reason)
    return review


def review_lock(*, kind: str, object_id: int) -> None:
    """Locks the open review before its object, as a decision does; the other order deadlocks."""
    rows = Review.objects.filter(kind=kind, object_id=object_id, state=State.OPEN)
    list(rows.select_for_update())


@transaction.atomic
def review_withdraw(*, kind: str, object_id: int, actor: Actor) -> None:
    """Closes the open review of an object that its author edits or cancels."""
    rows = Review.objects.select_for_update().filter(
        kind=kind, object_id=object_id, state=State.OPEN
    )
    for review in rows:
        review.state, review.decided_at = State.WITHDRAWN, timezone.now()
        review.save(update_fields=["state", "decided_at"])
        record("review.withdraw", actor=actor, obj=review)


def approved_digest(kind: str, object_id: int) -> str:
    """Digest that the latest decided review approved, or "" when it did not approve."""
    latest = (
        Review.objects.filter(kind=kind, object_id=object_id)
        .exclude(state__in=[State.OPEN, State.WITHDRAWN])
        .order_by("-id")
        .first()
    )
    return latest.digest if latest and latest.state == State.APPROVED else ""
