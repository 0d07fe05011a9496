"""From the scan in WeCom to the follow with its channel, the count, the tags and the limit."""

import datetime
import threading
from collections.abc import Callable

import pytest
from django.db import connections, transaction
from django.db.models import F
from django.test import Client
from django.utils import timezone

from channels import signals
from channels.codes import arrivals, facts, push
from channels.inbox import processing
from channels.models import ContactWay, InboxEvent
from channels.providers.wecom.api import wecom
from contacts import intake, timeline
from contacts.models import CustomerTag, ExternalContact, Follow, Tag, TagGroup, TagPush
from contacts.segments import check, editor_schema, rule_sentence
from contacts.selectors import segment_queryset
from contacts.services import customer_tag_remove
from scrm.accounts.models import User
from scrm.audit.models import AuditEvent
from scrm.core.errors import BusinessError
from tests.channels.test_callback import push as deliver
from tests.factories import codes
from tests.factories.cast import Cast
from tests.factories.contacts import make_tag
from tests.factories.wecom import Corp


@pytest.fixture
def told(corp: Corp) -> Callable[[], None]:
    """Hands the sandbox's callbacks, encrypted, to our door, and handles them."""
    client, seen = Client(), set()

    def tell() -> None:
        for row in reversed(corp.get("callbacks", limit=50)["callbacks"]):
            if row["id"] not in seen:
                seen.add(row["id"])
                assert deliver(client, row["xml"]).status_code == 200
        processing.drain()
        push.push_due()

    return tell


def scan(corp: Corp, way: ContactWay, name: str = "新客户", **who: str) -> dict:
    way.refresh_from_db()
    return corp.act("scan", config_id=way.config_id, name=name, **who)


def there(way: ContactWay) -> list[str]:
    return list(wecom().contact_ways.one(way.config_id)["user"])


def test_a_scan_is_attributed_counted_tagged_and_the_full_member_leaves(
    cast: Cast, corp: Corp, told: Callable[[], None]
) -> None:
    tag = make_tag("网点新客")
    people = codes.members(cast.alice, cast.amy, cap=1)
    way = codes.way(cast, members=people, tags=(tag,))
    push.push_due()
    way.refresh_from_db()
    assert there(way) == ["alice", "amy"]

    scan(corp, way, userid="alice", external_userid="wmC00000003")
    told()

    follow = Follow.objects.get(user=cast.alice, contact__external_userid="wmC00000003")
    assert follow.channel_state == way.channel_state
    assert follow.contact.customer == cast.li
    assert facts.tallies([way.channel_state], timezone.now()) == {
        way.channel_state: facts.Tally(today=1, total=1, kept=1)
    }
    put = CustomerTag.objects.get(customer=cast.li, tag=tag)
    assert (put.source, put.why) == ("rule", "扫活码「大堂活码」添加")
    # alice has reached her one customer of the day; WeCom knows it at once.
    assert there(way) == ["amy"]
    assert set(InboxEvent.objects.values_list("state", flat=True)) == {"done"}


def test_lost_customers_stay_counted_but_not_kept(
    cast: Cast, corp: Corp, told: Callable[[], None]
) -> None:
    way = codes.way(cast)
    push.push_due()
    joined = scan(corp, way)
    told()
    corp.act("customer_delete", **{k: joined[k] for k in ("userid", "external_userid")})
    told()
    tally = facts.tallies([way.channel_state], timezone.now())[way.channel_state]
    assert (tally.total, tally.kept, tally.lost) == (1, 0, 1)


def test_the_same_callback_twice_changes_nothing(
    cast: Cast, corp: Corp, told: Callable[[], None]
) -> None:
    way = codes.way(cast, tags=(make_tag("网点新客"),))
    push.push_due()
    scan(corp, way, userid="alice", external_userid="wmC00000003")
    told()
    InboxEvent.objects.update(state="new", next_attempt_at=timezone.now())
    processing.drain()
    tally = facts.tallies([way.channel_state], timezone.now())[way.channel_state]
    assert tally == facts.Tally(1, 1, 1)
    assert CustomerTag.objects.filter(customer=cast.li).count() == 1
    assert AuditEvent.objects.filter(action="customer.tag").count() == 1


def test_a_tag_taken_off_by_hand_stays_off(cast: Cast) -> None:
    tag = make_tag("网点新客")
    way = codes.way(cast, tags=(tag,))
    codes.came(way, cast.alice, "wm1", customer=cast.wang)
    assert arrivals.tag_late() == 1
    customer_tag_remove(customer=cast.wang, tag=tag, actor=cast.alice)
    assert arrivals.tag_late() == 0
    assert not CustomerTag.objects.filter(customer=cast.wang).exists()


def test_a_tag_of_a_two_way_group_is_wanted_at_wecom_too(cast: Cast) -> None:
    tag, ours = make_tag("网点新客"), make_tag("内部")
    TagGroup.objects.update(shared=True)
    Tag.objects.update(wecom_id=F("name"))
    ours.group = TagGroup.objects.create(name="只在行内")
    ours.save()
    follow = codes.came(codes.way(cast, tags=(tag, ours)), cast.alice, "wm1", customer=cast.wang)
    assert arrivals.tag_late() == 1
    assert [row.follow for row in TagPush.objects.all()] == [follow]


def test_tags_come_when_the_customer_is_known(cast: Cast) -> None:
    way = codes.way(cast, tags=(make_tag("网点新客"),))
    follow = codes.came(way, cast.alice, "wm1")
    assert arrivals.tag_late() == 0
    ExternalContact.objects.filter(pk=follow.contact_id).update(customer=cast.wang)
    assert arrivals.tag_late() == 1
    assert CustomerTag.objects.filter(customer=cast.wang).count() == 1


def test_who_came_before_the_code_was_ours_gets_no_tags(cast: Cast) -> None:
    way = codes.way(cast, tags=(make_tag("网点新客"),))
    before = way.created_at - datetime.timedelta(days=1)
    codes.came(way, cast.alice, "wm1", before, customer=cast.wang)
    assert arrivals.tag_late() == 0


def test_the_timeline_names_the_code(cast: Cast) -> None:
    way = codes.way(cast)
    codes.came(way, cast.alice, "wm1", customer=cast.wang)
    (entry,) = [row for row in timeline.entries(cast.wang) if "活码" in row.title]
    assert (entry.title, entry.text) == ("扫活码添加陈静怡", "网点大堂 · 大堂活码")


@pytest.mark.django_db(transaction=True)
def test_customers_who_come_at_the_same_moment_are_all_counted(cast: Cast) -> None:
    """Each transaction sees only its own customer until the code's lock puts them in a row."""
    way = codes.way(cast, members=codes.members(cast.alice, cast.amy, cap=4))
    at = timezone.now()
    gate = threading.Barrier(4)

    def come(number: int) -> None:
        gate.wait(timeout=20)
        entry = intake.ContactFacts(
            external_userid=f"wm{number}", name="客", unionid="", kind=1, userid="alice", remark="",
            mobiles=(), channel_state=way.channel_state, add_way=1, added_at=at,
        )  # fmt: skip

        with transaction.atomic():
            follow, created = intake.take_in(user=cast.alice, facts=entry, as_of=at)
            assert created
            signals.follow_changed.send(ContactWay, follow=follow, change="added", at=at)
        connections.close_all()

    threads = [threading.Thread(target=come, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    way.refresh_from_db()
    assert way.wanted["user"] == ["amy"]


def test_a_segment_may_ask_for_the_code(cast: Cast) -> None:
    way, other = codes.way(cast), codes.way(cast, name="海报码", channel="")
    codes.came(way, cast.alice, "wm1", customer=cast.wang)
    codes.came(other, cast.amy, "wm2", state="deleted_by_customer", customer=cast.zhao)
    found = {
        name: list(segment_queryset(rule, user=cast.hq).order_by("number"))
        for name, rule in {
            "way": {"attr": "live_code", "op": "has", "value": [way.pk]},
            "both": {"attr": "live_code", "op": "has", "value": [way.pk, other.pk]},
            "not": {"attr": "live_code", "op": "has_not", "value": [way.pk]},
        }.items()
    }
    assert found == {
        "way": [cast.wang], "both": [cast.wang, cast.zhao], "not": [cast.zhao, cast.li],
    }  # fmt: skip
    rule = {"attr": "live_code", "op": "has", "value": [way.pk, other.pk]}
    assert rule_sentence(rule) == "来自活码「网点大堂 · 大堂活码」、「海报码」的客户"
    with pytest.raises(BusinessError, match="不存在的编号"):
        check({"attr": "live_code", "op": "has", "value": [999]})


def test_the_segment_editor_offers_the_codes_of_ones_scope(cast: Cast) -> None:
    way = codes.way(cast)

    def offered(user: User) -> list:
        (row,) = [row for row in editor_schema(user) if row["name"] == "live_code"]
        return row["options"]

    assert offered(cast.admin) == offered(cast.hq) == [(way.pk, "网点大堂 · 大堂活码")]
    assert offered(cast.admin_shanghai) == []
