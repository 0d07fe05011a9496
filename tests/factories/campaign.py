"""A campaign of 周建国 (admin of 北京分行) through the real services, up to the state asked for."""

import datetime

from django.utils import timezone

from campaigns import services
from campaigns.library import services as library
from campaigns.models import Campaign, ContentVersion
from compliance import review
from compliance.models import Review
from contacts.models import Product, Segment
from tests.factories.cast import Cast, allow, befriend

BODY = "您好，我是{经理姓名}，到期产品说明：{链接}"
EVERYBODY = {"all": [{"attr": "aum", "op": ">=", "value": 0}]}


def segment(cast: Cast, rule: dict | None = None) -> Segment:
    return Segment.objects.create(
        name="全部客户", rule=rule or EVERYBODY, branch=cast.beijing, owner=cast.admin
    )


def version(
    cast: Cast,
    body: str = BODY,
    *,
    product: Product | None = None,
    approved: bool = True,
    link: str = "https://bank.example/m/1",
) -> ContentVersion:
    draft = library.Draft(
        title="到期提醒",
        body=body,
        link_url=link,
        product=product,
        valid_until=timezone.localdate() + datetime.timedelta(days=30),
    )
    made = library.content_create(draft=draft, actor=cast.admin)
    if approved:
        library.version_submit(version=made, actor=cast.admin)
        approve(cast, library.KIND, made.pk)
    made.refresh_from_db()
    return made


def approve(cast: Cast, kind: str, pk: int) -> None:
    row = Review.objects.get(kind=kind, object_id=pk, state="open")
    review.review_approve(review=row, actor=cast.officer)


def plan(cast: Cast, *versions: ContentVersion, holdout: int = 0) -> services.Plan:
    return services.Plan(
        name="到期承接",
        segment=segment(cast),
        versions=list(versions),
        holdout_percent=holdout,
        ends_on=timezone.localdate() + datetime.timedelta(days=7),
    )


def draft(cast: Cast, *versions: ContentVersion, holdout: int = 0) -> Campaign:
    return services.campaign_create(
        plan=plan(cast, *(versions or (version(cast),)), holdout=holdout), actor=cast.admin
    )


def approved(cast: Cast, *versions: ContentVersion, holdout: int = 0) -> Campaign:
    campaign = draft(cast, *versions, holdout=holdout)
    services.campaign_submit(campaign=campaign, actor=cast.admin)
    approve(cast, services.KIND, campaign.pk)
    campaign.refresh_from_db()
    return campaign


def friends(cast: Cast) -> None:
    """Everybody of the cast is a friend with consent."""
    for row in (cast.wang, cast.zhao, cast.li):
        befriend(row)
        allow(row)
