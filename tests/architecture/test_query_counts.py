"""SQL counts of list pages: pinned in query_counts.json, and the same at 20 and at 200 rows.

UPDATE_QUERY_COUNTS=1 rewrites the baseline; the diff is then reviewed like code.
"""

import datetime
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns import planner, services
from campaigns.library import services as library
from campaigns.models import Campaign, Material, WelcomeRule
from campaigns.welcome.services import Plan, welcome_rule_create
from channels.models import Department, InboxEvent, Member, SyncRun
from contacts.models import (
    Customer,
    CustomerTag,
    ExternalContact,
    GroupChat,
    GroupMember,
    IdentityDoubt,
    Tag,
    TagGroup,
    TagPush,
    Task,
)
from scrm.audit.services import record
from tests.channels.test_inbox import receive
from tests.factories import campaign as factory
from tests.factories import codes, material
from tests.factories import welcome as greetings
from tests.factories.cast import Cast, befriend, customer

BASELINE = Path(__file__).resolve().parents[1] / "query_counts.json"


def _customers(cast: Cast, count: int) -> None:
    have = Customer.objects.count()
    for number in range(have, count):
        befriend(customer(cast.alice, f"C1{number:07d}", f"客户{number}"))


def _tasks(cast: Cast, count: int) -> None:
    _customers(cast, count)
    today = timezone.localdate()
    Task.objects.bulk_create(
        [
            Task(
                owner=cast.alice,
                customer=row,
                kind="maturity",
                reason="到期",
                action="联系",
                due_on=today,
                source=f"t{row.pk}",
            )
            for row in Customer.objects.filter(owner=cast.alice)
        ],
        ignore_conflicts=True,
    )


def _contents(cast: Cast, count: int) -> None:
    draft = library.Draft(
        "素材", "您好", "", None, timezone.localdate() + datetime.timedelta(days=9)
    )
    for _ in range(count):
        library.content_create(draft=draft, actor=cast.admin)


def _campaigns(cast: Cast, count: int) -> None:
    segment, ends = factory.segment(cast), timezone.localdate() + datetime.timedelta(days=7)
    for number in range(count):
        plan = services.Plan(f"活动{number}", segment, [], 0, ends)
        services.campaign_create(plan=plan, actor=cast.admin)


def _ledger(cast: Cast, count: int) -> None:
    _customers(cast, count)
    campaign = Campaign.objects.first() or factory.approved(cast)
    if campaign.snapshot is not None:
        campaign.snapshot.members.all().delete()
        for row in Customer.objects.filter(owner=cast.alice):
            campaign.snapshot.members.create(customer=row)
    planner.plan(campaign)


def _reviews(cast: Cast, count: int) -> None:
    for number in range(count):
        draft = library.Draft(
            f"素材{number}", "您好", "", None, timezone.localdate() + datetime.timedelta(days=9)
        )
        version = library.content_create(draft=draft, actor=cast.admin)
        library.version_submit(version=version, actor=cast.admin)


def _codes(cast: Cast, count: int) -> None:
    for _ in range(min(count, 30)):
        way = codes.way(cast, shifts=(codes.shift(cast.alice),), daily_cap=3)
        codes.came(way, cast.alice, f"wm{way.pk}")


def _audit(cast: Cast, count: int) -> None:
    for _ in range(count):
        record("customer.view", actor=cast.alice, obj=cast.wang)


def _callbacks(cast: Cast, count: int) -> None:
    """Half of them owe a greeting."""
    for number in range(count):
        who = f"wm{InboxEvent.objects.count()}x{number}"
        if number % 2:
            greetings.event(f"code{who}", who=who)
        else:
            receive("edit_external_contact", timezone.now(), who=who)


def _materials(cast: Cast, count: int) -> None:
    for number in range(Material.objects.count(), min(count, 40)):
        material.material(cast, approved=False, title=f"图{number}")


def _greetings(cast: Cast, count: int) -> None:
    version, attached = greetings.version(cast), material.material(cast)
    have = WelcomeRule.objects.count()
    for number in range(have, min(count, 40)):
        state = f"state{number}"
        plan = Plan("channel", version, channel_state=state, materials=(attached,))
        welcome_rule_create(plan=plan, actor=cast.admin)


def _groups(cast: Cast, count: int) -> None:
    """Groups of alice; the first one has as many members."""
    _customers(cast, count)
    now = timezone.now()
    for number in range(GroupChat.objects.count(), count):
        values = {"owner": cast.alice, "name": f"群{number}", "as_of": now, "created_at": now}
        GroupChat.objects.create(chat_id=f"wr{number}", **values)
    first = GroupChat.objects.order_by("pk")[0]
    GroupMember.objects.bulk_create(
        [
            GroupMember(
                chat=first,
                member_id=row.external_userid,
                kind="external",
                contact=row,
                joined_at=now,
            )
            for row in ExternalContact.objects.all()
            if not first.members.filter(contact=row).exists()
        ]
    )


def _tags(cast: Cast, count: int) -> None:
    group, _ = TagGroup.objects.get_or_create(name="标签组", shared=True)
    for number in range(Tag.objects.count(), count):
        tag = Tag.objects.create(group=group, name=f"标签{number}")
        CustomerTag.objects.create(customer=cast.wang, tag=tag, source="manual")
        other = TagGroup.objects.create(name=f"标签组{number}", shared=True)
        TagPush.objects.create(group=other, state="failed", error="标签名称重复。")


def _doubts(cast: Cast, count: int) -> None:
    _customers(cast, count)
    for contact in ExternalContact.objects.exclude(doubts__isnull=False)[:count]:
        doubt = IdentityDoubt.objects.create(contact=contact, kind="several", branch=cast.dongcheng)
        for row in (cast.wang, cast.zhao):
            doubt.candidates.create(customer=row, evidence="phone")


def _departments(cast: Cast, count: int) -> None:
    for number in range(Department.objects.count(), count):
        row = {"name": f"部门{number}", "parent_id_there": str(number - 1), "as_of": timezone.now()}
        Department.objects.create(wecom_id=str(number), **row)
        Member.objects.create(userid=f"m{number}", departments=[str(number)], as_of=timezone.now())


def _walks(cast: Cast, count: int) -> None:
    for number in range(SyncRun.objects.count(), count):
        counts = {"contacts": number}
        SyncRun.objects.create(kind="contacts", state="done", counts=counts, plan=[])


PAGES: dict[str, tuple[str, Callable[[Cast, int], None]]] = {
    "/workbench/": ("alice", _tasks),
    "/customers/": ("admin", _customers),
    "/segments/": ("admin", _campaigns),
    "/groups/": ("admin", _groups),
    "/groups/{group}/": ("admin", _groups),
    "/tags/": ("hq", _tags),
    "/identity/": ("admin", _doubts),
    "/connection/org/": ("hq", _departments),
    "/connection/org/?tab=members": ("hq", _departments),
    "/connection/sync/": ("hq", _walks),
    "/campaigns/": ("admin", _campaigns),
    "/codes/": ("admin", _codes),
    "/campaigns/contents/": ("admin", _contents),
    "/campaigns/materials/": ("admin", _materials),
    "/campaigns/{campaign}/ledger/": ("admin", _ledger),
    "/compliance/reviews/": ("officer", _reviews),
    "/audit/": ("auditor", _audit),
    "/connection/inbox/": ("hq", _callbacks),
    "/campaigns/welcome/": ("admin", _greetings),
    "/api/customers/": ("admin", _customers),
    "/api/deliveries/": ("admin", _ledger),
}


def _count(client: object, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path)  # type: ignore[attr-defined]
    assert answer.status_code == 200
    return len(captured)


@pytest.mark.parametrize("page", PAGES)
def test_queries_do_not_grow_with_rows(cast: Cast, sign_in, page: str) -> None:
    who, fill = PAGES[page]
    client = sign_in(getattr(cast, who))
    fill(cast, 20)
    path = page.format(
        campaign=getattr(Campaign.objects.first(), "pk", 0),
        group=getattr(GroupChat.objects.order_by("pk").first(), "pk", 0),
    )
    client.get(path)
    few = _count(client, path)
    fill(cast, 200)
    many = _count(client, path)
    assert many <= few, f"{page}: {few} queries at 20 rows, {many} at 200"
    baseline = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    if os.environ.get("UPDATE_QUERY_COUNTS"):
        BASELINE.write_text(json.dumps({**baseline, page: many}, indent=1, sort_keys=True) + "\n")
    else:
        assert many == baseline.get(page), f"{page}: {many} queries, baseline {baseline.get(page)}"
