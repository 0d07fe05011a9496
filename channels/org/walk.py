"""Walk over departments, and over the members of each."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from channels.models import Department, Member, SyncRun
from channels.org.intake import (
    Told,
    mark_departments_removed,
    mark_members_left,
    take_in_departments,
    take_in_members,
)
from channels.providers.base import ProviderError
from channels.providers.wecom.api import WeCom
from channels.providers.wecom.people import wecom_id
from channels.sync.kind import Page, Plan, Position, client, of_corp, since

# WeCom's ways to say: no such member or department, or none that this application may see.
UNSEEN = {46004, 50002, 60003, 60011, 60021, 60111, 60123}


class Org:
    name = "org"
    unit = "个部门"
    hint = "把部门和员工取回来，核对哪些员工没有账号、哪些已经离职。"
    labels = {
        "departments": "部门",
        "members": "员工",
        "left": "离职或移出可见范围",
        "removed": "已删除部门",
    }

    def plan(self, run: SyncRun) -> Plan:
        numbers = [row["id"] for row in client(run).org.departments()]
        return Plan(numbers, len(numbers))

    def first(self, work: Any) -> Position | None:
        return {"at": 0} if work else None

    def read(self, run: SyncRun, at: Position) -> Page:
        """One department and its members; the first page brings the tree itself."""
        asked_at = timezone.now().replace(microsecond=0)
        numbers, wecom, place = run.plan or [], client(run), at["at"]
        tree = wecom.org.departments() if place == 0 else []
        members, unread = _members(wecom, numbers[place])
        rows = [{"departments": tree, "members": members}]
        following = {"at": place + 1} if place + 1 < len(numbers) else None
        return Page(rows, following, place + 1, asked_at, unread)

    def take(self, run: SyncRun, pages: list[Page]) -> Counter[str]:
        def told(part: str) -> Iterator[Told]:
            for page in pages:
                for row in page.rows[0][part]:
                    yield Told(run.corp_id, row, page.asked_at)

        people = {told_row.row["userid"]: told_row for told_row in told("members")}
        departments = take_in_departments(told("departments"))
        return Counter(departments=departments, members=take_in_members(people.values()))

    def absent(self, run: SyncRun) -> Iterator[Counter[str]]:
        yield self._departments(run)
        gone = Member.objects.filter(of_corp("userid", run.corp_id), left_at=None)
        for member in gone.filter(as_of__lt=since(run)):
            yield self._asked_again(run, member)

    def _departments(self, run: SyncRun) -> Counter[str]:
        """The tree comes in one answer, so what it does not hold is not there."""
        rows = Department.objects.filter(of_corp("wecom_id", run.corp_id), removed_at=None)
        ids = rows.filter(as_of__lt=since(run)).values_list("wecom_id", flat=True)
        return Counter(removed=mark_departments_removed(ids=ids, at=since(run)))

    def _asked_again(self, run: SyncRun, member: Member) -> Counter[str]:
        asked_at = timezone.now().replace(microsecond=0)
        row = member_row(client(run), wecom_id(member.userid))
        if row is None:
            return Counter(left=mark_members_left(userids=[member.userid], at=asked_at))
        take_in_members([Told(run.corp_id, row, asked_at)])
        return Counter()


def _members(wecom: WeCom, number: int) -> tuple[list[dict[str, Any]], list[str]]:
    """Members of one department, or its number among the unread."""
    try:
        return wecom.org.members(number), []
    except ProviderError as error:
        if error.errcode not in UNSEEN:
            raise
        return [], [str(number)]


def member_row(wecom: WeCom, userid: str) -> dict[str, Any] | None:
    """A member as WeCom shows them now; None when it shows none of that name."""
    try:
        return wecom.org.member(userid)
    except ProviderError as error:
        if error.errcode in UNSEEN:
            return None
        raise


ORG = Org()
