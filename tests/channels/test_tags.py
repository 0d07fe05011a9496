"""Two-way tags: WeCom's definitions and marks come down, ours go up, and nothing echoes."""

import datetime

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.inbox import processing
from channels.models import InboxEvent, SyncRun
from channels.sync import walk
from channels.tags import push
from contacts import services
from contacts.models import CustomerTag, Follow, FollowTag, Tag, TagGroup, TagPush
from scrm.core.errors import BusinessError
from tests.factories.cast import Cast
from tests.factories.wecom import Corp, deliver

WANG = "wmC00000001"
MARK = "externalcontact/mark_tag"


def _walk(cast: Cast, *kinds: str) -> SyncRun:
    for kind in kinds or ("tags", "contacts"):
        run = walk.start(kind=kind, actor=cast.hq)
        walk.proceed(run)
        run.refresh_from_db()
        assert run.state == "done", run.error
    return run


def _later() -> None:
    """As if what we know were of a minute ago: whole seconds separate readings."""
    past = timezone.now() - datetime.timedelta(minutes=1)
    Follow.objects.update(as_of=past)
    Follow.objects.exclude(marks_as_of=None).update(marks_as_of=past)
    TagGroup.objects.exclude(as_of=None).update(as_of=past)


def _calls(corp: Corp, path: str = MARK) -> int:
    return int(corp.get("stats")["calls"].get(path, 0))


def _mark(corp: Corp, tag_ids: list[str], userid: str = "alice", who: str = WANG) -> None:
    """The employee ticks exactly these tags in the client."""
    corp.act("member_edit", userid=userid, external_userid=who, tag_id=tag_ids)


def _there(corp: Corp, who: str = WANG, userid: str = "alice") -> set[str]:
    """Names of the tags that the friendship carries at WeCom."""
    from channels.providers.wecom.api import wecom

    rows = wecom().contact(who)["follow_user"]
    return {tag["tag_name"] for row in rows if row["userid"] == userid for tag in row["tags"]}


def _carried(cast: Cast) -> dict[str, str]:
    return dict(CustomerTag.objects.filter(customer=cast.wang).values_list("tag__name", "source"))


def _push() -> None:
    TagPush.objects.filter(state="waiting").update(next_attempt_at=timezone.now())
    push.push_due()


@pytest.fixture
def console(cast: Cast, corp: Corp) -> dict[str, str]:
    """Tags that the administrator made in WeCom: name → id."""
    made = corp.act("tags_create", group="风险偏好", names=["保守", "进取"])
    _walk(cast)
    return dict(zip(["保守", "进取"], made["tag_ids"], strict=True))


@pytest.fixture
def shared(cast: Cast, corp: Corp) -> TagGroup:
    """A two-way group of ours with two tags that WeCom has."""
    _walk(cast)
    group = services.tag_group_create(name="客户兴趣", shared=True, actor=cast.hq)
    for name in ("基金", "黄金"):
        services.tag_create(group=group, name=name, actor=cast.hq)
    _push()
    return group


# Down


def test_definitions_come_down(cast: Cast, corp: Corp, console: dict[str, str]) -> None:
    group = TagGroup.objects.get(name="风险偏好")
    assert (group.from_wecom, group.shared) == (True, False)
    assert dict(group.tags.values_list("name", "wecom_id")) == console
    corp.act("tag_rename", id=console["保守"], name="稳健")
    corp.act("tags_create", group="风险偏好", names=["平衡"])
    deliver(corp)
    assert set(group.tags.live().values_list("name", flat=True)) == {"稳健", "进取", "平衡"}


def test_a_deleted_tag_is_kept_as_removed(cast: Cast, corp: Corp, console: dict[str, str]) -> None:
    _mark(corp, list(console.values()))
    deliver(corp)
    corp.act("tag_delete", id=console["进取"])
    _later()
    deliver(corp)
    assert Tag.objects.get(name="进取").removed_at is not None
    assert _carried(cast) == {"保守": "wecom"}
    corp.act("tag_delete", id=TagGroup.objects.get(name="风险偏好").wecom_id)
    _later()
    _walk(cast, "tags")  # without its callback
    assert TagGroup.objects.get(name="风险偏好").removed_at is not None
    assert not Tag.objects.live().exists()
    assert _carried(cast) == {}


def test_a_mark_tags_the_customer_and_ends_with_it(
    cast: Cast, corp: Corp, console: dict[str, str]
) -> None:
    _mark(corp, [console["保守"]])
    deliver(corp)
    assert _carried(cast) == {"保守": "wecom"}
    _later()
    _mark(corp, [console["进取"]])
    _walk(cast, "contacts")  # the walk says the same as the event would
    assert _carried(cast) == {"进取": "wecom"}


def test_what_others_put_on_stays_when_the_mark_goes(
    cast: Cast, corp: Corp, console: dict[str, str]
) -> None:
    tag = Tag.objects.get(name="保守")
    services.customer_tag_add(customer=cast.wang, tag=tag, actor=cast.alice)
    _mark(corp, [console["保守"]])
    deliver(corp)
    corp.post("clock", {"advance": 2})  # events of one second are one event
    _mark(corp, [])
    deliver(corp)
    assert not FollowTag.objects.exists()
    assert _carried(cast) == {"保守": "manual"}
    assert _calls(corp) == 0  # one-way: nothing is carried up


def test_the_mark_of_a_colleague_keeps_the_tag(
    cast: Cast, corp: Corp, console: dict[str, str]
) -> None:
    corp.act("customer_add", userid="amy", external_userid=WANG)
    for userid in ("alice", "amy"):
        _mark(corp, [console["保守"]], userid=userid)
    deliver(corp)
    _later()
    _mark(corp, [])
    deliver(corp)
    assert _carried(cast) == {"保守": "wecom"}


def test_a_one_way_mark_is_not_taken_off_here(
    cast: Cast, corp: Corp, console: dict[str, str]
) -> None:
    _mark(corp, [console["保守"]])
    deliver(corp)
    tag = Tag.objects.get(name="保守")
    with pytest.raises(BusinessError, match="在企业微信中取消"):
        services.customer_tag_remove(customer=cast.wang, tag=tag, actor=cast.alice)


# Up


def test_a_shared_group_is_made_renamed_and_emptied_at_wecom(
    cast: Cast, corp: Corp, shared: TagGroup
) -> None:
    from channels.providers.wecom.api import wecom

    def there() -> dict[str, set[str]]:
        return {g["group_name"]: {t["name"] for t in g["tag"]} for g in wecom().tags.groups()}

    assert there() == {"客户兴趣": {"基金", "黄金"}}
    fund, gold = Tag.objects.get(name="基金"), Tag.objects.get(name="黄金")
    assert fund.wecom_id
    services.tag_rename(tag=fund, name="公募基金", actor=cast.hq)
    services.tag_remove(tag=gold, actor=cast.hq)
    services.tag_create(group=shared, name="保险", actor=cast.hq)
    _push()
    assert there() == {"客户兴趣": {"公募基金", "保险"}}
    assert not TagPush.objects.exclude(state="done").exists()
    _later()
    _walk(cast, "tags")
    assert set(Tag.objects.live().values_list("name", flat=True)) == {"公募基金", "保险"}


def test_tags_that_customers_carry_go_up_to_the_owners_friendship(
    cast: Cast, corp: Corp, shared: TagGroup
) -> None:
    fund = Tag.objects.get(name="基金")
    corp.act("customer_add", userid="amy", external_userid=WANG)
    _later()
    _walk(cast, "contacts")
    services.customer_tag_add(customer=cast.wang, tag=fund, actor=cast.alice)
    _push()
    assert _there(corp) == {"基金"}
    assert _there(corp, userid="amy") == set()
    services.customer_tag_remove(customer=cast.wang, tag=fund, actor=cast.alice)
    _push()
    assert _there(corp) == set()


def test_sharing_a_group_carries_what_customers_have_already(cast: Cast, corp: Corp) -> None:
    _walk(cast)
    group = services.tag_group_create(name="客户兴趣", shared=False, actor=cast.hq)
    tag = services.tag_create(group=group, name="基金", actor=cast.hq)
    services.customer_tag_add(customer=cast.wang, tag=tag, actor=cast.alice)
    assert not TagPush.objects.exists()
    services.tag_group_share(group=group, shared=True, actor=cast.hq)
    _push()
    assert _there(corp) == {"基金"}


def test_a_tag_that_an_administrator_made_is_not_ours_to_change(
    cast: Cast, corp: Corp, console: dict[str, str]
) -> None:
    tag = Tag.objects.get(name="保守")
    with pytest.raises(BusinessError, match="管理员"):
        services.tag_rename(tag=tag, name="别名", actor=cast.hq)
    # Adopted by its name, WeCom refuses: the refusal is shown and not repeated.
    group = services.tag_group_create(name="等级", shared=True, actor=cast.hq)
    mine = services.tag_create(group=group, name="金卡", actor=cast.hq)
    corp.act("tags_create", group="等级", names=["金卡"])
    _push()
    services.tag_rename(tag=mine, name="黄金卡", actor=cast.hq)
    before = _calls(corp, "externalcontact/edit_corp_tag")
    for _ in range(3):
        _push()
    row = TagPush.objects.get(state="failed")
    assert "只能修改本应用创建的标签" in row.error
    assert _calls(corp, "externalcontact/edit_corp_tag") == before + 1
    services.tag_push_again(push=row, actor=cast.hq)
    assert TagPush.objects.get(group=group, state="waiting")


def test_an_unknown_outcome_is_read_before_it_is_repeated(
    cast: Cast, corp: Corp, shared: TagGroup
) -> None:
    fund = Tag.objects.get(name="基金")
    services.customer_tag_add(customer=cast.wang, tag=fund, actor=cast.alice)
    corp.fault("drop_after", MARK)
    push.push_due()
    row = TagPush.objects.get(follow__isnull=False)
    assert (row.state, row.uncertain) == ("waiting", True)
    before = _calls(corp)
    _push()
    row.refresh_from_db()
    assert (row.state, _calls(corp), _there(corp)) == ("done", before, {"基金"})


def test_a_lost_answer_makes_no_second_group(cast: Cast, corp: Corp) -> None:
    from channels.providers.wecom.api import wecom

    group = services.tag_group_create(name="客户兴趣", shared=True, actor=cast.hq)
    services.tag_create(group=group, name="基金", actor=cast.hq)
    corp.fault("drop_after", "externalcontact/add_corp_tag")
    push.push_due()
    assert Tag.objects.get().wecom_id == ""
    _push()
    assert Tag.objects.get().wecom_id
    assert _calls(corp, "externalcontact/add_corp_tag") == 1
    assert [len(g["tag"]) for g in wecom().tags.groups()] == [1]


def test_a_dead_workers_push_is_taken_over(cast: Cast, corp: Corp, shared: TagGroup) -> None:
    fund = Tag.objects.get(name="基金")
    services.customer_tag_add(customer=cast.wang, tag=fund, actor=cast.alice)
    long_ago = timezone.now() - datetime.timedelta(minutes=5)
    TagPush.objects.filter(state="waiting").update(state="sending", sending_since=long_ago)
    push.push_due()
    assert _there(corp) == {"基金"}


def test_a_friendship_that_is_gone_fails_with_its_reason(
    cast: Cast, corp: Corp, shared: TagGroup
) -> None:
    corp.act("member_delete", userid="alice", external_userid=WANG)
    fund = Tag.objects.get(name="基金")
    services.customer_tag_add(customer=cast.wang, tag=fund, actor=cast.alice)
    _push()
    row = TagPush.objects.get(follow__isnull=False)
    assert (row.state, row.error) == ("failed", "员工与客户没有好友关系。")


# No echo


def _round(cast: Cast, corp: Corp) -> None:
    """Everything that could carry an echo: an edit event, a walk, a push."""
    _later()
    fields = {"UserID": "alice", "ExternalUserID": WANG}
    corp.act(
        "emit", event="change_external_contact", change_type="edit_external_contact", fields=fields
    )
    deliver(corp)
    _walk(cast)
    _push()


def test_a_push_does_not_come_back(cast: Cast, corp: Corp, shared: TagGroup) -> None:
    fund = Tag.objects.get(name="基金")
    services.customer_tag_add(customer=cast.wang, tag=fund, actor=cast.alice)
    _push()
    pushes, calls = TagPush.objects.count(), corp.get("stats")["calls"]
    for _ in range(4):
        _round(cast, corp)
    after = corp.get("stats")["calls"]
    assert TagPush.objects.count() == pushes
    for path in (MARK, "externalcontact/add_corp_tag", "externalcontact/edit_corp_tag"):
        assert after.get(path, 0) == calls.get(path, 0)
    assert _carried(cast) == {"基金": "manual"}
    assert _there(corp) == {"基金"}


def test_taking_a_two_way_mark_off_in_wecom_holds_here(
    cast: Cast, corp: Corp, shared: TagGroup
) -> None:
    fund = Tag.objects.get(name="基金")
    services.customer_tag_add(customer=cast.wang, tag=fund, actor=cast.alice)
    _push()
    _later()
    _mark(corp, [])
    for _ in range(3):
        _round(cast, corp)
    assert (_carried(cast), _there(corp)) == ({}, set())


def test_both_sides_at_once_settle_to_one_state(cast: Cast, corp: Corp, shared: TagGroup) -> None:
    """Here 基金 goes on while in WeCom 黄金 goes on and, a moment later, 基金 goes off again."""
    fund, gold = Tag.objects.get(name="基金"), Tag.objects.get(name="黄金")
    services.customer_tag_add(customer=cast.wang, tag=fund, actor=cast.alice)
    _mark(corp, [gold.wecom_id])
    deliver(corp)  # while ours is still on its way
    _push()
    assert _there(corp) == {"基金", "黄金"}
    assert _carried(cast) == {"基金": "manual", "黄金": "wecom"}
    calls = _calls(corp)
    for _ in range(3):
        _round(cast, corp)
    assert _calls(corp) == calls
    assert set(_carried(cast)) == _there(corp) == {"基金", "黄金"}


def test_an_older_reading_does_not_undo_a_push(cast: Cast, corp: Corp, shared: TagGroup) -> None:
    fund = Tag.objects.get(name="基金")
    at = timezone.now() - datetime.timedelta(seconds=30)
    corp.act(
        "emit",
        event="change_external_contact",
        change_type="edit_external_contact",
        fields={"UserID": "alice", "ExternalUserID": WANG},
    )
    deliver(corp)
    services.customer_tag_add(customer=cast.wang, tag=fund, actor=cast.alice)
    _push()
    InboxEvent.objects.update(state="new", happened_at=at, next_attempt_at=at)
    Follow.objects.update(as_of=at)
    processing.drain()
    assert _carried(cast) == {"基金": "manual"}


ACTS = st.lists(
    st.sampled_from(
        [
            "add 基金",
            "add 黄金",
            "drop 基金",
            "drop 黄金",
            "mark",
            "unmark",
            "event",
            "walk",
            "push",
            "lose",
        ]
    ),
    max_size=14,
)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(acts=ACTS)
def test_any_order_of_acts_settles(
    cast: Cast, corp: Corp, shared: TagGroup, acts: list[str]
) -> None:
    """Whatever people do on both sides and whatever is lost, both sides end up the same."""
    tags = {tag.name: tag for tag in Tag.objects.live()}
    for act in acts:
        verb, _, name = act.partition(" ")
        if verb == "add":
            services.customer_tag_add(customer=cast.wang, tag=tags[name], actor=cast.alice)
        elif verb == "drop":
            services.customer_tag_remove(customer=cast.wang, tag=tags[name], actor=cast.alice)
        elif verb in {"mark", "unmark"}:
            now = _there(corp) | {"黄金"} if verb == "mark" else _there(corp) - {"黄金"}
            _mark(corp, [tags[one].wecom_id for one in now])
        elif verb == "event":
            _later()
            deliver(corp)
        elif verb == "walk":
            _later()
            _walk(cast, "contacts")
        elif verb == "push":
            _push()
        else:
            corp.fault("drop_after", MARK)
    corp.http.delete(corp.base + "faults", timeout=5)
    for _ in range(3):
        _round(cast, corp)
    calls = _calls(corp)
    _round(cast, corp)
    assert _calls(corp) == calls
    assert set(_carried(cast)) == _there(corp)
    assert not TagPush.objects.exclude(state="done").exists()
