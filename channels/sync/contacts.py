"""Customers and friendships of all employees."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction
from django.db.models.functions import Lower
from django.utils import timezone

from channels import signals
from channels.models import SyncRun
from channels.providers.base import ProviderError
from channels.sync.facts import page_facts
from channels.sync.kind import Page, Plan, Position, client, since
from contacts import intake
from contacts.models import Follow
from scrm.accounts.models import User

# WeCom's most for one call.
_EMPLOYEES = 100
# Refusals that speak of an employee, not of the application: unknown, out of sight, no licence …
_ABOUT_ONE = {40003, 40031, 50002, 60011, 60021, 60111, 84074, 701008}


class Contacts:
    name = "contacts"
    unit = "位员工"
    hint = "把每位员工在企业微信里的客户与好友关系取回来，并关联到行内客户。"
    labels = {
        "contacts": "外部联系人",
        "follows": "好友关系",
        "matched": "新关联客户",
        "doubts": "待核对身份",
        "lost": "已失效关系",
        "unknown_users": "未登记员工",
        "unread_users": "读取不到的员工",
    }

    def plan(self, run: SyncRun) -> Plan:
        """Groups of employees; those whom we do not know have nobody to give customers to."""
        told = client(run).follow_users()
        known = _user_ids(told)
        ours = [userid for userid in told if userid.lower() in known]
        run.counts["unknown_users"] = len(told) - len(ours)
        groups = [ours[at : at + _EMPLOYEES] for at in range(0, len(ours), _EMPLOYEES)]
        return Plan(groups, len(ours))

    def first(self, work: Any) -> Position | None:
        return {"group": 0, "cursor": ""} if work else None

    def read(self, run: SyncRun, at: Position) -> Page:
        """A page of a group of employees; one by one where WeCom refuses the group for a member."""
        asked_at = timezone.now().replace(microsecond=0)
        userids = _asked(run, at)
        try:
            rows, cursor, unread = client(run).relations(userids, at["cursor"])
        except ProviderError as error:
            if error.errcode not in _ABOUT_ONE:
                raise
            if len(userids) > 1:
                apart = {"group": at["group"], "member": 0, "cursor": ""}
                return Page([], apart, _done(run, apart), asked_at)
            rows, cursor, unread = [], "", userids
        following = {**at, "cursor": cursor} if cursor else _next(run, at)
        return Page(rows, following, _done(run, following), asked_at, unread)

    def take(self, run: SyncRun, pages: list[Page]) -> Counter[str]:
        told = [(facts, page.asked_at) for page in pages for facts in page_facts(page.rows)]
        users = _user_ids({facts.userid for facts, _ in told})
        taken = intake.take_in_page(
            page=[
                intake.Relation(users[facts.userid.lower()], facts, asked_at)
                for facts, asked_at in told
                if facts.userid.lower() in users
            ]
        )
        return Counter(
            contacts=taken.contacts,
            follows=taken.follows,
            matched=taken.matched,
            doubts=taken.doubts,
            unread_users=sum(len(page.unread) for page in pages),
        )

    def absent(self, run: SyncRun) -> Iterator[Counter[str]]:
        read = {userid for group in _groups(run) for userid in group} - set(run.unread)
        missing: dict[str, list[Follow]] = defaultdict(list)
        users = _user_ids(read).values()
        for follow in intake.unseen_follows(users=users, since=since(run)):
            missing[str(follow.user.wecom_userid)].append(follow)
        for userid, follows in missing.items():
            yield self._asked_again(run, userid, follows)

    def _asked_again(self, run: SyncRun, userid: str, follows: list[Follow]) -> Counter[str]:
        """The walk's pages may have shifted under it; this list has no pages."""
        asked_at = timezone.now().replace(microsecond=0)
        try:
            there = set(client(run).contact_ids(userid))
        except ProviderError as error:
            if error.errcode not in _ABOUT_ONE:
                raise
            return Counter(unread_users=1)
        gone = [row.pk for row in follows if row.contact.external_userid not in there]
        kept = [row.pk for row in follows if row.contact.external_userid in there]
        with transaction.atomic():
            intake.mark_present(ids=kept, at=asked_at)
            lost = intake.mark_absent(ids=gone, at=asked_at)
            for follow in lost:
                signals.follow_changed.send(SyncRun, follow=follow, change="lost", at=asked_at)
        return Counter(lost=len(lost))


def _user_ids(userids: Iterable[str]) -> dict[str, int]:
    """Our people by WeCom's userid in lower case: WeCom does not tell upper from lower."""
    wanted = {userid.lower() for userid in userids}
    rows = User.objects.annotate(key=Lower("wecom_userid")).filter(key__in=wanted)
    return dict(rows.values_list("key", "pk"))


def _groups(run: SyncRun) -> list[list[str]]:
    return run.plan or []


def _asked(run: SyncRun, at: Position) -> list[str]:
    group = _groups(run)[at["group"]]
    return group if "member" not in at else [group[at["member"]]]


def _next(run: SyncRun, at: Position) -> Position | None:
    group = at["group"]
    if "member" in at and at["member"] + 1 < len(_groups(run)[group]):
        return {"group": group, "member": at["member"] + 1, "cursor": ""}
    return {"group": group + 1, "cursor": ""} if group + 1 < len(_groups(run)) else None


def _done(run: SyncRun, at: Position | None) -> int:
    """Employees before this position."""
    if at is None:
        return run.total
    return sum(len(group) for group in _groups(run)[: at["group"]]) + int(at.get("member", 0))


CONTACTS = Contacts()
