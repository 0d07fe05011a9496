"""Hands planned people to the gate in batches: one RM, one text, one task at WeCom."""

import datetime
import secrets
from collections import defaultdict
from typing import cast

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from campaigns import ledger
from campaigns.library import variables
from campaigns.models import Campaign, ContentVersion, Delivery, SendBatch, Variant
from compliance.gate import Proposal, Recheck, clear
from contacts.models import Customer
from scrm.accounts.models import User

State = Delivery.State
_BATCH = 500
_RETRY = datetime.timedelta(minutes=10)


def source_of(batch: SendBatch) -> str:
    return f"campaigns.batch:{batch.pk}"


def batch_of(source: str) -> SendBatch | None:
    prefix, _, pk = source.partition(":")
    return SendBatch.objects.filter(pk=int(pk)).first() if prefix == "campaigns.batch" else None


def sources_of(campaign: Campaign) -> list[str]:
    return [source_of(batch) for batch in SendBatch.objects.filter(campaign=campaign)]


def still_wanted(source: str) -> Recheck:
    """Asked right before each call: a paused campaign waits, an ended one sends nothing more."""
    batch = batch_of(source)
    if batch is None:
        return Recheck(refuse="发送批次已不存在。")
    campaign = batch.campaign
    if campaign.state == Campaign.State.PAUSED:
        return Recheck(later="活动已暂停")
    if campaign.state != Campaign.State.RUNNING or campaign.ends_on < timezone.localdate():
        return Recheck(refuse="活动已结束或取消。")
    return Recheck()


def hand_over(campaign: Campaign) -> int:
    """Works until nobody is left to claim or the campaign is paused; returns how many were tried."""
    count = 0
    while tried := _claim_and_clear(campaign):
        count += tried
    return count


@transaction.atomic
def _claim_and_clear(campaign: Campaign) -> int:
    """Claim, clearance and outbox row commit together: a crash leaves people planned, not lost."""
    # Pause is read here, under lock, so that it takes effect within one batch.
    running = Campaign.objects.select_for_update(of=("self",)).filter(
        pk=campaign.pk, state=Campaign.State.RUNNING, ends_on__gte=timezone.localdate()
    )
    if not running.exists():
        return 0
    rows = _claim(campaign)
    # All at once and in key order: group by group two campaigns could wait for each other.
    people = Customer.objects.filter(pk__in=[row.customer_id for row in rows])
    list(people.select_for_update().order_by("pk").only("pk"))
    for group in _groups(rows).values():
        _clear_group(campaign, group)
    return len(rows)


def _claim(campaign: Campaign) -> list[Delivery]:
    due = Delivery.objects.filter(
        campaign=campaign, state=State.PLANNED, changed_at__lte=timezone.now()
    )
    first = due.order_by("user_id").first()
    if first is None:
        return []
    rows = due.filter(user=first.user).select_for_update(skip_locked=True, of=("self",))
    return list(
        rows.select_related(
            "customer", "contact", "variant__version__product", "user__branch"
        ).order_by("id")[:_BATCH]
    )


def _groups(rows: list[Delivery]) -> dict[tuple[int, str], list[Delivery]]:
    """By variant and rendered text; the link is the batch's own and comes in later."""
    groups: dict[tuple[int, str], list[Delivery]] = defaultdict(list)
    for row in rows:
        version = _version(row)
        text = variables.render(
            version.body, customer=row.customer, sender=_sender(row), link="{链接}"
        )
        groups[version.pk, text].append(row)
    return groups


def _clear_group(campaign: Campaign, rows: list[Delivery]) -> None:
    version = _version(rows[0])
    batch = _batch(campaign, rows[0], version)
    verdicts = clear(_proposal(batch, rows, version))
    pks = {row.customer_id: row.pk for row in rows}
    ledger.move(
        Delivery.objects.filter(pk__in=[pks[c] for c in verdicts.cleared]),
        State.LEASED,
        batch=batch,
        # Whoever passed passed every check, so what is said of one holds for all.
        checks=next((verdicts.lines[c] for c in verdicts.cleared), []),
    )
    for customer, (check, _) in verdicts.stopped.items():
        row = Delivery.objects.filter(pk=pks[customer])
        ledger.move(row, State.SUPPRESSED, reason=check, checks=verdicts.lines[customer])
    for customer in verdicts.waiting:
        _wait(pks[customer], verdicts.lines[customer])
    if not verdicts.cleared:
        batch.delete()


def _wait(pk: int, lines: list[tuple[str, bool, str]]) -> None:
    """Stopped only for now: planned again, not before a while; why stands on the row."""
    Delivery.objects.filter(pk=pk, state=State.PLANNED).update(
        changed_at=timezone.now() + _RETRY, checks=lines
    )


def _version(row: Delivery) -> ContentVersion:
    return cast("Variant", row.variant).version


def _sender(row: Delivery) -> User:
    # The planner suppresses whoever has no friend among the employees: a planned row has one.
    return cast("User", row.user)


def _batch(campaign: Campaign, row: Delivery, version: ContentVersion) -> SendBatch:
    token = secrets.token_urlsafe(12)
    link = f"{settings.PUBLIC_URL}/t/{token}/"
    sender = _sender(row)
    text = variables.render(version.body, customer=row.customer, sender=sender, link=link)
    return SendBatch.objects.create(
        campaign=campaign, user=sender, token=token, text=text, target_url=version.link_url
    )


def _proposal(batch: SendBatch, rows: list[Delivery], version: ContentVersion) -> Proposal:
    return Proposal(
        sender=batch.user,
        text=batch.text,
        people={row.customer_id: row.contact.external_userid for row in rows if row.contact},
        purpose="marketing",
        content_kind="content_version",
        content_id=version.pk,
        risk_grade=version.product.risk_grade if version.product else 0,
        valid_until=version.valid_until,
        source=source_of(batch),
    )
