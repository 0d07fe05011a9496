"""What is done to one customer: looking, tagging, noting, consenting."""

import datetime

from django.db import transaction
from django.utils import timezone

from contacts.models import Consent, Customer, CustomerTag, FollowUp, Tag
from contacts.services.tagsync import want_marks
from scrm.accounts.models import User
from scrm.audit.models import AuditEvent
from scrm.audit.services import record
from scrm.core import masking
from scrm.core.actors import Actor
from scrm.core.errors import BusinessError
from scrm.core.limits import number

_SECRETS = {"phone": "手机", "id_number": "证件号"}
_SHORTEST_REASON = 4


def customer_viewed(*, customer: Customer, actor: Actor) -> None:
    """Who opened whose page is part of the trail."""
    record("customer.view", actor=actor, obj=customer)


@transaction.atomic
def customer_unmask(*, customer: Customer, field: str, reason: str, actor: Actor) -> str:
    """The plain value of "phone" or "id_number"; the look and its reason are recorded first."""
    if field not in _SECRETS:
        raise BusinessError("没有这项敏感信息。")
    reason = reason.strip()
    if len(reason) < _SHORTEST_REASON:
        raise BusinessError(f"请写明查看理由（至少 {_SHORTEST_REASON} 个字），理由会进入审计日志。")
    _refuse_harvest(actor)
    record(
        "customer.unmask", actor=actor, obj=customer, after={"字段": _SECRETS[field]}, reason=reason
    )
    return str(getattr(customer, field))


def _refuse_harvest(actor: Actor) -> None:
    """Stops whoever reads off one number after the other. The person's row is the lock."""
    list(User.objects.select_for_update().filter(pk=actor.pk or 0))
    hour = timezone.now() - datetime.timedelta(hours=1)
    looks = AuditEvent.objects.filter(action="customer.unmask", actor_id=actor.pk, at__gte=hour)
    if looks.count() >= number("UNMASK_PER_HOUR"):
        raise BusinessError(
            f"一小时内最多查看 {number('UNMASK_PER_HOUR')} 次敏感信息，你已达到上限，请一小时后再试。",
            code="unmask_limit",
        )


@transaction.atomic
def customer_tag_add(
    *,
    customer: Customer,
    tag: Tag,
    actor: User,
    why: str = "",
    expires_at: datetime.datetime | None = None,
) -> CustomerTag:
    """Adds the tag or renews an expired one; adding what is there changes nothing."""
    row, created = CustomerTag.objects.select_for_update().get_or_create(
        customer=customer,
        tag=tag,
        defaults={
            "source": CustomerTag.Source.MANUAL,
            "by": actor,
            "why": why,
            "expires_at": expires_at,
        },
    )
    expired = row.expires_at is not None and row.expires_at <= timezone.now()
    # What an employee marked in WeCom and somebody now confirms here no longer hangs on the mark.
    confirmed = row.source == CustomerTag.Source.WECOM
    if (expired or confirmed) and not created:
        row.source, row.by, row.why, row.at = CustomerTag.Source.MANUAL, actor, why, timezone.now()
        row.expires_at = expires_at
        row.save()
    if created or expired or confirmed:
        record("customer.tag", actor=actor, obj=customer, after={"加": str(tag)}, reason=why)
        want_marks(customer_ids=[customer.pk], tags=[tag])
    return row


@transaction.atomic
def customer_tag_remove(*, customer: Customer, tag: Tag, actor: Actor, why: str = "") -> bool:
    rows = CustomerTag.objects.filter(customer=customer, tag=tag)
    if not tag.group.shared and rows.filter(source=CustomerTag.Source.WECOM).exists():
        raise BusinessError("这是员工在企业微信里打的标签，请在企业微信中取消。")
    deleted, _ = rows.delete()
    if deleted:
        record("customer.tag", actor=actor, obj=customer, before={"去": str(tag)}, reason=why)
        want_marks(customer_ids=[customer.pk], tags=[tag])
    return bool(deleted)


@transaction.atomic
def follow_up_create(*, customer: Customer, text: str, actor: User) -> FollowUp:
    """A note of what the manager did with the customer; the customer counts as contacted now."""
    text = text.strip()
    if not text:
        raise BusinessError("跟进内容不能为空。")
    if len(text) > 1000:
        raise BusinessError(f"跟进内容最多 1000 字，现在有 {len(text)} 字。")
    row = FollowUp.objects.create(customer=customer, user=actor, text=text)
    Customer.objects.filter(pk=customer.pk).update(last_contact_at=row.at)
    record("customer.follow_up", actor=actor, obj=customer, after={"内容": masking.text(text)[:80]})
    return row


@transaction.atomic
def consent_change(
    *,
    customer: Customer,
    purpose: str,
    channel: str,
    state: str,
    evidence: str,
    actor: Actor,
    at: datetime.datetime | None = None,
) -> Consent:
    """Closes the current consent of that purpose and channel and opens a new one, from `at` on.

    The same state again changes nothing. A change older than the current row is refused.
    """
    _check_consent(purpose, channel, state, evidence)
    at = at or timezone.now()
    current = _current_consent(customer, purpose, channel)
    if current is not None and current.state == state:
        return current
    if current is not None:
        _close_consent(current, at)
    row = Consent.objects.create(
        customer=customer,
        purpose=purpose,
        channel=channel,
        state=state,
        since=at,
        evidence=evidence,
    )
    before = {"授权": str(current)} if current else {}
    after = {"授权": str(row)}
    record("consent.change", actor=actor, obj=customer, before=before, after=after, reason=evidence)
    return row


@transaction.atomic
def customer_opt_out(*, customer: Customer, evidence: str, actor: Actor) -> bool:
    """No more marketing on any channel, from this moment on; False when that held already."""
    if not evidence.strip():
        raise BusinessError("请写明客户在哪里、怎样表示退订。")
    rows = Customer.objects.filter(pk=customer.pk, opted_out_at=None)
    changed = rows.update(opted_out_at=timezone.now())
    if changed:
        record("customer.opt_out", actor=actor, obj=customer, reason=evidence.strip())
    return bool(changed)


@transaction.atomic
def customer_opt_in(*, customer: Customer, evidence: str, actor: Actor) -> bool:
    """Takes an opt-out back on the customer's own word."""
    if not evidence.strip():
        raise BusinessError("请写明客户恢复接收的依据，例如录音编号或书面申请。")
    rows = Customer.objects.filter(pk=customer.pk, opted_out_at__isnull=False)
    changed = rows.update(opted_out_at=None)
    if changed:
        record("customer.opt_in", actor=actor, obj=customer, reason=evidence.strip())
    return bool(changed)


def _current_consent(customer: Customer, purpose: str, channel: str) -> Consent | None:
    # The customer row is the lock: two changes at once must not both find no current consent.
    Customer.objects.select_for_update().get(pk=customer.pk)
    return customer.consents.filter(purpose=purpose, channel=channel, superseded_at=None).first()


def _close_consent(current: Consent, at: datetime.datetime) -> None:
    if at < current.since:
        raise BusinessError("这次授权变更早于当前授权的生效时间，没有采用。")
    current.superseded_at = at
    current.save(update_fields=["superseded_at"])


def _check_consent(purpose: str, channel: str, state: str, evidence: str) -> None:
    known = (Consent.Purpose.values, Consent.Channel.values, Consent.State.values)
    if any(
        value not in values for value, values in zip((purpose, channel, state), known, strict=True)
    ):
        raise BusinessError("授权的目的、渠道或状态不在允许的范围内。")
    if not evidence.strip():
        raise BusinessError("变更授权必须写明依据。")
