"""Life of a campaign: refusals, four eyes, one launch, an approval that any edit voids."""

import pytest

from campaigns import services
from campaigns.library import services as library
from campaigns.models import Delivery
from compliance import review
from compliance.models import Review
from scrm.audit.models import AuditEvent
from scrm.core.errors import BusinessError, FourEyes, IllegalTransition
from tests.factories import campaign as factory
from tests.factories.cast import Cast


def test_an_unknown_variable_is_named(cast: Cast) -> None:
    with pytest.raises(BusinessError, match="未知变量 {昵称}"):
        factory.version(cast, "您好{昵称}")


def test_a_promise_of_return_cannot_be_submitted(cast: Cast) -> None:
    with pytest.raises(BusinessError, match="禁止内容"):
        factory.version(cast, "这款产品保本保息，稳赚不赔，放心买。")


def test_without_audience_or_content_there_is_no_submission(cast: Cast) -> None:
    plan = factory.plan(cast, factory.version(cast))
    no_people = services.campaign_create(
        plan=services.Plan(plan.name, None, plan.versions, 0, plan.ends_on), actor=cast.admin
    )
    with pytest.raises(BusinessError, match="请先选择客群"):
        services.campaign_submit(campaign=no_people, actor=cast.admin)
    no_words = services.campaign_create(
        plan=services.Plan(plan.name, plan.segment, [], 0, plan.ends_on), actor=cast.admin
    )
    with pytest.raises(BusinessError, match="请先选择素材"):
        services.campaign_submit(campaign=no_words, actor=cast.admin)


def test_nobody_approves_their_own_submission(cast: Cast) -> None:
    campaign = factory.draft(cast)
    services.campaign_submit(campaign=campaign, actor=cast.admin)
    row = Review.objects.get(kind="campaign", state="open")
    with pytest.raises(FourEyes):
        review.review_approve(review=row, actor=cast.admin)
    assert Review.objects.get(pk=row.pk).state == "open"


def test_rejecting_needs_a_reason_and_gives_the_draft_back(cast: Cast) -> None:
    campaign = factory.draft(cast)
    services.campaign_submit(campaign=campaign, actor=cast.admin)
    row = Review.objects.get(kind="campaign", state="open")
    with pytest.raises(BusinessError, match="理由"):
        review.review_reject(review=row, actor=cast.officer, reason=" ")
    review.review_reject(review=row, actor=cast.officer, reason="人群太大")
    campaign.refresh_from_db()
    assert campaign.state == "draft"


def test_an_edit_after_approval_voids_it(cast: Cast) -> None:
    campaign = factory.approved(cast)
    services.campaign_update(
        campaign=campaign, plan=factory.plan(cast, factory.version(cast)), actor=cast.admin
    )
    with pytest.raises(BusinessError, match="没有有效的审批"):
        services.campaign_launch(campaign=campaign, actor=cast.admin)


def test_a_person_slipped_into_the_audience_voids_the_approval(cast: Cast) -> None:
    campaign = factory.approved(cast)
    assert campaign.snapshot is not None
    campaign.snapshot.members.create(customer=cast.li)
    with pytest.raises(BusinessError, match="没有有效的审批"):
        services.campaign_launch(campaign=campaign, actor=cast.admin)


def test_the_second_launch_is_refused(cast: Cast) -> None:
    campaign = factory.approved(cast)
    services.campaign_launch(campaign=campaign, actor=cast.admin)
    with pytest.raises(BusinessError, match="不会重复发送"):
        services.campaign_launch(campaign=campaign, actor=cast.admin)
    assert AuditEvent.objects.filter(action="campaign.launch").count() == 1


def test_the_audience_is_the_owners_scope_and_frozen(cast: Cast) -> None:
    campaign = factory.approved(cast)
    assert campaign.snapshot is not None
    people = set(campaign.snapshot.members.values_list("customer__name", flat=True))
    assert people == {"王芳", "赵磊"}  # 李娜 belongs to 上海分行


def test_a_finished_campaign_does_not_move(cast: Cast) -> None:
    campaign = factory.approved(cast)
    services.campaign_cancel(campaign=campaign, actor=cast.admin, reason="不做了")
    with pytest.raises(IllegalTransition):
        services.campaign_pause(campaign=campaign, actor=cast.admin)
    assert not Delivery.objects.exists()


def test_one_open_review_per_object(cast: Cast) -> None:
    version = factory.version(cast, approved=False)
    library.version_submit(version=version, actor=cast.admin)
    with pytest.raises(BusinessError):
        library.version_submit(version=version, actor=cast.admin)
    assert Review.objects.filter(state="open").count() == 1
