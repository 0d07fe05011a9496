"""A person decides who an external contact is."""

from django.db import transaction
from django.utils import timezone

from contacts.intake.marks import marks_of_customer
from contacts.models import Customer, ExternalContact, IdentityDoubt, Tag
from contacts.services.tagsync import want_marks
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core.errors import BusinessError
from scrm.core.states import move

_SHORTEST_REASON = 4


def _locked(doubt: IdentityDoubt, reason: str) -> IdentityDoubt:
    if len(reason.strip()) < _SHORTEST_REASON:
        raise BusinessError(f"请写明理由（至少 {_SHORTEST_REASON} 个字），理由会进入审计日志。")
    rows = IdentityDoubt.objects.select_for_update(of=("self",)).select_related("branch", "contact")
    return rows.get(pk=doubt.pk)


@transaction.atomic
def identity_link(
    *, doubt: IdentityDoubt, customer: Customer, reason: str, actor: User
) -> IdentityDoubt:
    """The contact is this one of the candidates, and none of the others."""
    row = _locked(doubt, reason)
    if not row.candidates.filter(customer=customer).exists():
        raise BusinessError("只能关联列出的客户，请刷新页面。")
    contact = ExternalContact.objects.select_for_update().get(pk=row.contact_id)
    before = contact.customer_id
    contact.customer, contact.matched_by = customer, ExternalContact.Match.MANUAL
    contact.matched_at = timezone.now()
    contact.save(update_fields=["customer", "matched_by", "matched_at"])
    _decide(row, IdentityDoubt.State.LINKED, customer, reason, actor, before)
    _tags_follow(contact, customer)
    return row


def _tags_follow(contact: ExternalContact, customer: Customer) -> None:
    """WeCom's marks become the customer's tags, and two-way tags of the customer go up."""
    marks_of_customer(customer.pk, contact.follows.values_list("pk", flat=True))
    want_marks(customer_ids=[customer.pk], tags=Tag.objects.two_way())


@transaction.atomic
def identity_reject(*, doubt: IdentityDoubt, reason: str, actor: User) -> IdentityDoubt:
    """None of them. A link that a machine had made to one of them ends as well."""
    row = _locked(doubt, reason)
    contact = ExternalContact.objects.select_for_update().get(pk=row.contact_id)
    before = contact.customer_id
    if row.candidates.filter(customer=contact.customer).exists():
        contact.customer, contact.matched_by, contact.matched_at = None, "", None
        contact.save(update_fields=["customer", "matched_by", "matched_at"])
    _decide(row, IdentityDoubt.State.REJECTED, None, reason, actor, before)
    return row


def _decide(
    row: IdentityDoubt,
    state: str,
    customer: Customer | None,
    reason: str,
    actor: User,
    before: int | None,
) -> None:
    move(row, IdentityDoubt.MOVES, state)
    row.customer, row.decided_by, row.decided_at = customer, actor, timezone.now()
    row.reason = reason.strip()[:200]
    row.save(update_fields=["state", "customer", "decided_by", "decided_at", "reason"])
    record(
        "identity.decide",
        actor=actor,
        obj=row,
        before={"客户": before or ""},
        after={"客户": customer.pk if customer else "", "结论": row.get_state_display()},
        reason=row.reason,
    )
