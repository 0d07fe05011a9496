"""Life of a campaign: draft, review, launch, pause, end. Every act by a named person."""

import datetime
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaigns import audience
from campaigns.models import Campaign, ContentVersion, Variant
from compliance import gate, review
from compliance.registry import Frozen
from contacts.models import Segment
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core.actors import Actor
from scrm.core.bell import ring
from scrm.core.errors import BusinessError
from scrm.core.states import move

State = Campaign.State
KIND = "campaign"


@dataclass(frozen=True, slots=True)
class Plan:
    name: str
    segment: Segment | None
    versions: list[ContentVersion]
    holdout_percent: int
    ends_on: datetime.date
    # None: as soon as it is launched.
    starts_at: datetime.datetime | None = None


def _locked(campaign: Campaign) -> Campaign:
    return Campaign.objects.select_for_update().get(pk=campaign.pk)


@transaction.atomic
def campaign_create(*, plan: Plan, actor: User) -> Campaign:
    campaign = Campaign(owner=actor, branch=actor.branch)
    _apply(campaign, plan)
    record("campaign.create", actor=actor, obj=campaign)
    return campaign


@transaction.atomic
def campaign_update(*, campaign: Campaign, plan: Plan, actor: User) -> Campaign:
    """Any edit voids an approval or withdraws the open review: the campaign is a draft again."""
    review.review_lock(kind=KIND, object_id=campaign.pk)
    campaign = _locked(campaign)
    if campaign.state not in {State.DRAFT, State.IN_REVIEW, State.APPROVED}:
        raise BusinessError("活动已经启动，不能再修改；可以暂停或取消后另建活动。", code="launched")
    voided = campaign.state
    if campaign.state != State.DRAFT:
        review.review_withdraw(kind=KIND, object_id=campaign.pk, actor=actor)
        move(campaign, Campaign.MOVES, State.DRAFT)
    campaign.approved_digest, campaign.snapshot = "", None
    _apply(campaign, plan)
    record("campaign.update", actor=actor, obj=campaign, before={"state": voided})
    return campaign


def _apply(campaign: Campaign, plan: Plan) -> None:
    campaign.name, campaign.segment = plan.name, plan.segment
    campaign.holdout_percent, campaign.ends_on = plan.holdout_percent, plan.ends_on
    campaign.starts_at = plan.starts_at
    campaign.save()
    campaign.variants.all().delete()
    Variant.objects.bulk_create(
        Variant(campaign=campaign, label="ABCDEF"[place], version=version)
        for place, version in enumerate(plan.versions)
    )


def _complete(campaign: Campaign) -> Segment:
    """The segment of a campaign that has all it needs; raises BusinessError naming what is missing."""
    if campaign.segment is None:
        raise BusinessError("请先选择客群，再提交审批。", code="no_audience")
    versions = [variant.version for variant in campaign.variants.select_related("version")]
    if not versions:
        raise BusinessError("请先选择素材，再提交审批。", code="no_content")
    for version in versions:
        if version.state != ContentVersion.State.APPROVED:
            raise BusinessError(f"素材「{version}」还没有通过审批。", code="content_not_approved")
        if version.valid_until < timezone.localdate():
            raise BusinessError(f"素材「{version}」已过有效期。", code="content_expired")
    if campaign.ends_on < timezone.localdate():
        raise BusinessError("结束日期不能早于今天。")
    if campaign.starts_at and timezone.localdate(campaign.starts_at) > campaign.ends_on:
        raise BusinessError("开始时间晚于结束日期，请改其中一个。")
    return campaign.segment


@transaction.atomic
def campaign_submit(*, campaign: Campaign, actor: User) -> Campaign:
    """Freezes audience and contents under one hash and asks for a second pair of eyes."""
    campaign = _locked(campaign)
    segment = _complete(campaign)
    move(campaign, Campaign.MOVES, State.IN_REVIEW)
    campaign.snapshot = audience.freeze(segment=segment, user=campaign.owner)
    campaign.save(update_fields=["state", "snapshot"])
    review.review_submit(
        kind=KIND,
        obj=campaign,
        title=f"活动：{campaign.name}",
        branch=campaign.branch,
        actor=actor,
    )
    return campaign


def freeze(campaign: Campaign) -> Frozen:
    """One hash over audience, contents, control group and end date."""
    variants = list(campaign.variants.select_related("version__content"))
    snapshot = campaign.snapshot
    view: dict[str, Any] = {
        "客群": str(campaign.segment),
        "人数": snapshot.size if snapshot else 0,
        "名单指纹": audience.digest_of(snapshot) if snapshot else "",
        "素材": [
            {"方案": v.label, "素材": str(v.version), "正文": v.version.body, "编号": v.version_id}
            for v in variants
        ],
        "对照组": f"{campaign.holdout_percent}%",
        "开始时间": campaign.starts_at.isoformat() if campaign.starts_at else "启动后立即",
        "结束日期": campaign.ends_on.isoformat(),
    }
    content = json.dumps(view, ensure_ascii=False, sort_keys=True)
    text = "\n".join(v.version.body for v in variants)
    return Frozen(hashlib.sha256(content.encode()).hexdigest(), view, text)


def on_decision(campaign: Campaign, outcome: str, actor: Actor) -> None:
    campaign = _locked(campaign)
    if outcome == "approved":
        move(campaign, Campaign.MOVES, State.APPROVED)
        campaign.approved_digest = freeze(campaign).digest
    else:
        move(campaign, Campaign.MOVES, State.DRAFT)
    campaign.save(update_fields=["state", "approved_digest"])


@transaction.atomic
def campaign_launch(*, campaign: Campaign, actor: User) -> Campaign:
    """Starts once: a second launch finds the campaign no longer approved and is refused."""
    from campaigns.tasks import campaign_run

    campaign = _locked(campaign)
    if campaign.state in {State.RUNNING, State.PAUSED, State.FINISHED}:
        raise BusinessError("活动已经启动过了，不会重复发送。", code="already_launched")
    if campaign.state != State.APPROVED or freeze(campaign).digest != campaign.approved_digest:
        raise BusinessError("活动没有有效的审批，不能启动。", code="not_approved")
    _not_over(campaign)
    move(campaign, Campaign.MOVES, State.RUNNING)
    campaign.launched_at = timezone.now()
    campaign.save(update_fields=["state", "launched_at"])
    record("campaign.launch", actor=actor, obj=campaign)
    ring(campaign_run, campaign.pk)
    return campaign


def _not_over(campaign: Campaign) -> None:
    if campaign.ends_on < timezone.localdate():
        raise BusinessError("活动已过结束日期，不能再发送；请修改结束日期并重新审批。", code="over")


@transaction.atomic
def campaign_pause(*, campaign: Campaign, actor: User) -> Campaign:
    campaign = _moved(campaign, State.PAUSED)
    record("campaign.pause", actor=actor, obj=campaign)
    return campaign


@transaction.atomic
def campaign_resume(*, campaign: Campaign, actor: User) -> Campaign:
    from campaigns.dispatch import handing
    from campaigns.tasks import campaign_run

    _not_over(campaign)
    campaign = _moved(campaign, State.RUNNING)
    gate.wake(handing.sources_of(campaign))
    record("campaign.resume", actor=actor, obj=campaign)
    ring(campaign_run, campaign.pk)
    return campaign


def _moved(campaign: Campaign, state: str) -> Campaign:
    campaign = _locked(campaign)
    move(campaign, Campaign.MOVES, state)
    campaign.save(update_fields=["state"])
    return campaign


def campaign_cancel(*, campaign: Campaign, actor: User, reason: str) -> list[str]:
    """Ends a campaign and stops what can be stopped; returns WeCom's refusals, if any."""
    from campaigns.dispatch import cancelling

    with transaction.atomic():
        review.review_withdraw(kind=KIND, object_id=campaign.pk, actor=actor)
        campaign = _moved(campaign, State.CANCELLED)
        record("campaign.cancel", actor=actor, obj=campaign, reason=reason)
        cancelling.withdraw(campaign, reason="cancelled")
    return gate.stop_at_wecom()


def campaign_remind(*, campaign: Campaign, actor: User) -> tuple[int, list[str]]:
    """Reminds employees who have not confirmed: (tasks reminded, WeCom's refusals)."""
    from campaigns.dispatch import reminding

    count, errors = reminding.remind(campaign)
    record("campaign.remind", actor=actor, obj=campaign, after={"tasks": count})
    return count, errors
