"""What a person wants of a code, and whether that is possible; refusals are for their eyes."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Q, QuerySet

from channels.codes.roster import MOST_MEMBERS
from channels.codes.shifts import Rota, Shift
from channels.models import ContactWay, GroupCode
from channels.providers.wecom.people import corp_of
from contacts.models import GroupChat, Tag
from scrm.accounts.models import Branch, Role, User
from scrm.core.errors import BusinessError

_MOST_SHIFTS = 20
_MOST_CHATS = 5
_MOST_A_DAY = 10_000


@dataclass(frozen=True, slots=True)
class MemberDraft:
    user_id: int
    daily_cap: int | None = None
    fallback: bool = False


@dataclass(frozen=True, slots=True)
class ShiftDraft:
    weekdays: tuple[int, ...]
    starts: datetime.time
    ends: datetime.time
    user_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WayDraft:
    name: str
    branch: Branch
    members: tuple[MemberDraft, ...]
    shifts: tuple[ShiftDraft, ...] = ()
    channel: str = ""
    purpose: str = ""
    skip_verify: bool = True
    is_exclusive: bool = True
    daily_cap: int | None = None
    tags: tuple[Tag, ...] = field(default=())

    def rota(self) -> Rota:
        shifts = tuple(
            Shift(frozenset(s.weekdays), s.starts, s.ends, frozenset(s.user_ids))
            for s in self.shifts
        )
        return Rota(frozenset(member.user_id for member in self.members), shifts)


@dataclass(frozen=True, slots=True)
class GroupDraft:
    name: str
    branch: Branch
    chat_ids: tuple[str, ...]
    channel: str = ""
    purpose: str = ""
    auto_create_room: bool = True
    room_base_name: str = ""
    room_base_id: int = 1


def employable(actor: User, way: ContactWay | None = None) -> QuerySet[User]:
    """Managers whom `actor` may put behind a code: those in scope, and those who are there already
    (head office may have named people of another branch)."""
    seen = Q(branch__path__startswith=actor.branch.path)
    there = Q(pk__in=way.members.values("user")) if way else Q(pk__in=[])
    rms = User.objects.filter(seen | there, role=Role.RM, is_active=True)
    return rms.exclude(wecom_userid=None).select_related("branch")


def enterable(actor: User, code: GroupCode | None = None) -> QuerySet[GroupChat]:
    """Groups that `actor` may lead customers into, and those that the code leads to already."""
    rows = GroupChat.objects.filter(
        Q(pk__in=GroupChat.objects.visible_to(actor)) | Q(chat_id__in=code.chat_ids if code else [])
    )
    return rows.exclude(state=GroupChat.State.DISMISSED)


def refuse(condition: object, sentence: str) -> None:
    if condition:
        raise BusinessError(sentence)


def check_way(draft: WayDraft, actor: User, way: ContactWay | None = None) -> None:
    """Raises BusinessError with the first reason why the draft cannot be a code."""
    _check_common(draft, actor, way.branch if way else None)
    ids = {member.user_id for member in draft.members}
    refuse(not ids, "请至少选择一位接待成员。")
    refuse(len(ids) != len(draft.members), "同一位成员只能出现一次。")
    refuse(len(ids) > MOST_MEMBERS, f"一个活码最多 {MOST_MEMBERS} 位成员，现在有 {len(ids)} 位。")
    refuse(
        not any(member.fallback for member in draft.members),
        "请至少指定一位兜底成员：没有人当班或都到上限时，由兜底成员接待。",
    )
    userids = dict(employable(actor, way).filter(pk__in=ids).values_list("pk", "wecom_userid"))
    refuse(
        ids - set(userids), "有成员不在您的管理范围内、已离职或没有企业微信账号，请移除后再保存。"
    )
    corps = {corp_of(str(userid)) for userid in userids.values()}
    refuse(len(corps) > 1, "一个活码的成员必须属于同一家企业微信。")
    refuse(
        way and corps != {way.corp_id or settings.WECOM_CORP_ID},
        "活码建好后不能换到另一家企业微信，请新建一个活码。",
    )
    caps = [draft.daily_cap, *(member.daily_cap for member in draft.members)]
    refuse(
        any(cap is not None and not 1 <= cap <= _MOST_A_DAY for cap in caps),
        f"每日上限要在 1 到 {_MOST_A_DAY:,} 之间，不限请留空。",
    )
    _check_shifts(draft.shifts, ids)


def _check_shifts(shifts: Collection[ShiftDraft], ids: set[int]) -> None:
    refuse(len(shifts) > _MOST_SHIFTS, f"一个活码最多 {_MOST_SHIFTS} 个班次。")
    for number, shift in enumerate(shifts, 1):
        days = set(shift.weekdays)
        refuse(not days, f"第 {number} 个班次还没有选星期。")
        refuse(not days <= set(range(7)), f"第 {number} 个班次的星期不正确。")
        refuse(not shift.user_ids, f"第 {number} 个班次还没有选成员。")
        refuse(set(shift.user_ids) - ids, f"第 {number} 个班次里有人不在成员名单中。")


def check_group(draft: GroupDraft, actor: User, code: GroupCode | None = None) -> None:
    _check_common(draft, actor, code.branch if code else None)
    chats = draft.chat_ids
    refuse(not chats, "请至少选择一个客户群。")
    refuse(len(set(chats)) != len(chats), "同一个客户群只能选一次。")
    refuse(
        len(chats) > _MOST_CHATS, f"一个群活码最多 {_MOST_CHATS} 个客户群，现在有 {len(chats)} 个。"
    )
    known = enterable(actor, code).filter(chat_id__in=chats).count()
    refuse(known < len(chats), "有客户群不在您的管理范围内或已解散，请移除后再保存。")
    corps = {corp_of(chat_id) for chat_id in chats}
    refuse(len(corps) > 1, "一个群活码的客户群必须属于同一家企业微信。")
    refuse(
        draft.auto_create_room and not draft.room_base_name.strip(),
        "自动建新群需要填写新群名，例如「财富沙龙」。",
    )
    refuse(len(draft.room_base_name) > 40, "新群名最多 40 个字。")
    refuse(draft.room_base_id < 1, "起始序号至少是 1。")


def _check_common(draft: WayDraft | GroupDraft, actor: User, had: Branch | None) -> None:
    refuse(not draft.name.strip(), "请填写活码名称。")
    refuse(len(draft.name) > 30, f"名称最多 30 个字，现在有 {len(draft.name)} 个。")
    refuse(len(draft.channel) > 30, "渠道最多 30 个字。")
    refuse(len(draft.purpose) > 80, "用途最多 80 个字。")
    outside = not draft.branch.path.startswith(actor.branch.path)
    refuse(outside and draft.branch != had, "只能为本机构及下级机构建活码。")
