"""Writes of the content library."""

import datetime
import hashlib
import json
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from campaigns.library import variables
from campaigns.library.models import CHANNELS, DEFAULT_CHANNELS, Content, ContentVersion
from compliance import review
from compliance.registry import Frozen, Terms
from contacts.models import Customer, Product
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core.actors import Actor
from scrm.core.bell import ring
from scrm.core.errors import BusinessError

State = ContentVersion.State
KIND = "content_version"


@dataclass(frozen=True, slots=True)
class Draft:
    title: str
    body: str
    link_url: str
    product: Product | None
    valid_until: datetime.date
    # None: from today on.
    valid_from: datetime.date | None = None
    channels: tuple[str, ...] = DEFAULT_CHANNELS
    # Tiers of customers it is meant for; empty: all.
    tiers: tuple[str, ...] = ()


def _validated(draft: Draft) -> None:
    variables.validate(draft.body, has_link=bool(draft.link_url))
    if draft.valid_until < timezone.localdate():
        raise BusinessError("有效期不能早于今天。")
    if draft.valid_from and draft.valid_from > draft.valid_until:
        raise BusinessError("生效日期晚于有效期。")
    if not draft.channels or not set(draft.channels) <= set(CHANNELS):
        raise BusinessError("请至少选择一个使用渠道。")
    if not set(draft.tiers) <= set(Customer.Tier.values):
        raise BusinessError("受众里有不认识的客户等级。")
    if len(draft.body.encode()) > 4000:
        raise BusinessError("正文超过企业微信的 4000 字节上限，请缩短。")


@transaction.atomic
def content_create(*, draft: Draft, actor: User) -> ContentVersion:
    _validated(draft)
    content = Content.objects.create(title=draft.title, branch=actor.branch, owner=actor)
    version = _new_version(content, draft, actor)
    record("content.create", actor=actor, obj=content)
    return version


@transaction.atomic
def content_update(*, content: Content, draft: Draft, actor: User) -> ContentVersion:
    """Changes the draft in place; anything submitted stays as it is and a new version begins."""
    _validated(draft)
    latest = content.versions.select_for_update().order_by("-number").first()
    if content.title != draft.title:
        content.title = draft.title
        content.save(update_fields=["title"])
    if latest is not None and latest.state == State.DRAFT:
        version = _fill(latest, draft)
        version.save()
    else:
        version = _new_version(content, draft, actor)
    record("content.update", actor=actor, obj=content, after={"version": version.number})
    return version


def _fill(version: ContentVersion, draft: Draft) -> ContentVersion:
    version.body, version.link_url = draft.body, draft.link_url
    version.product, version.valid_until = draft.product, draft.valid_until
    version.valid_from = draft.valid_from or timezone.localdate()
    version.channels, version.tiers = list(draft.channels), list(draft.tiers)
    return version


def _new_version(content: Content, draft: Draft, actor: User) -> ContentVersion:
    highest = content.versions.aggregate(n=Max("number"))["n"] or 0
    version = _fill(ContentVersion(content=content, number=highest + 1, created_by=actor), draft)
    version.save()
    return version


@transaction.atomic
def version_submit(*, version: ContentVersion, actor: User) -> None:
    version = ContentVersion.objects.select_for_update().get(pk=version.pk)
    if version.state != State.DRAFT:
        raise BusinessError(f"这个版本是「{version.get_state_display()}」，不能提交。")
    variables.validate(version.body, has_link=bool(version.link_url))
    version.state = State.IN_REVIEW
    version.save(update_fields=["state"])
    review.review_submit(
        kind=KIND,
        obj=version,
        title=f"素材：{version.content.title} v{version.number}",
        branch=version.content.branch,
        actor=actor,
    )


@transaction.atomic
def version_withdraw(*, version: ContentVersion, actor: User, reason: str) -> None:
    """Takes an approved version out of use at once, wherever it waits: here or at WeCom."""
    from campaigns.dispatch import cancelling
    from channels.tasks import outbox_sweep

    review.review_lock(kind=KIND, object_id=version.pk)
    version = ContentVersion.objects.select_for_update().get(pk=version.pk)
    if version.state not in {State.APPROVED, State.IN_REVIEW}:
        raise BusinessError("只有审批中或已通过的版本可以撤回。")
    if version.state == State.IN_REVIEW:
        review.review_withdraw(kind=KIND, object_id=version.pk, actor=actor)
    version.state = State.WITHDRAWN
    version.save(update_fields=["state"])
    cancelling.withdraw_content(version)
    record("content.withdraw", actor=actor, obj=version.content, reason=reason)
    # What WeCom has and nobody confirmed is stopped there after commit; the sweeper repeats it.
    ring(outbox_sweep)


def freeze(version: ContentVersion) -> Frozen:
    """What an approval covers: every byte that reaches a customer, whom, how and until when."""
    view = {
        "正文": version.body,
        "跳转链接": version.link_url,
        "产品": str(version.product or ""),
        "产品风险等级": version.product.risk_grade if version.product else 0,
        "生效日期": version.valid_from.isoformat(),
        "有效期至": version.valid_until.isoformat(),
        "使用渠道": "、".join(CHANNELS[code] for code in sorted(version.channels)),
        "受众": "、".join(_tier_names(version.tiers)) or "全部客户",
    }
    content = json.dumps(view, ensure_ascii=False, sort_keys=True)
    return Frozen(hashlib.sha256(content.encode()).hexdigest(), view, version.body)


def _tier_names(tiers: list[str]) -> list[str]:
    return [str(label) for code, label in Customer.Tier.choices if code in tiers]


def terms(version: ContentVersion) -> Terms:
    return Terms(
        version.valid_from, version.valid_until, tuple(version.channels), tuple(version.tiers)
    )


def on_decision(version: ContentVersion, outcome: str, actor: Actor) -> None:
    ContentVersion.objects.filter(pk=version.pk, state=State.IN_REVIEW).update(state=outcome)
