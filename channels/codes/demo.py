"""Live codes of the demo bank: they carry the states with which its customers were added."""

import datetime
from dataclasses import replace

from channels.codes.drafts import GroupDraft, MemberDraft, ShiftDraft, WayDraft
from channels.codes.roster import MOST_MEMBERS
from channels.codes.services import contact_way_create, contact_way_pause, group_code_create
from contacts.models import Tag
from scrm.accounts.models import Branch, Role, User

_DAY = (datetime.time(8, 30), datetime.time(17, 30))
_NIGHT = (datetime.time(17, 30), datetime.time(8, 30))
_WORKDAYS, _EVERY_DAY = (0, 1, 2, 3, 4), tuple(range(7))
# Name, channel, purpose, state in the demo world, limit a day.
_WAYS = (
    ("网点大堂活码", "网点大堂", "日常获客", "lobby-qr", 30),
    ("秋季理财海报", "户外海报", "到期理财承接（本周）", "poster-a", 20),
    ("直播间专属码", "直播", "2026 财富直播季", "live-2026", None),
)


def open_codes() -> None:
    """By the branch admin, through the services; the last one stands for a code out of use."""
    admin = User.objects.select_related("branch").get(username="admin")
    team = _team(admin)
    for name, channel, purpose, state, cap in _WAYS:
        draft = replace(_draft(admin.branch, team, name, cap), channel=channel, purpose=purpose)
        way = contact_way_create(draft=draft, actor=admin, channel_state=state)
    contact_way_pause(way=way, actor=admin)


def open_group_code(chat_ids: list[str]) -> None:
    admin = User.objects.select_related("branch").get(username="admin")
    draft = GroupDraft(
        "财富沙龙入群码",
        admin.branch,
        tuple(chat_ids),
        channel="沙龙活动",
        room_base_name="财富沙龙",
    )
    group_code_create(draft=draft, actor=admin)


def _team(admin: User) -> list[User]:
    """The demo login and the colleagues of the branch."""
    rms = User.objects.filter(role=Role.RM, branch__path__startswith=admin.branch.path)
    return list(rms.exclude(wecom_userid=None).order_by("pk")[:MOST_MEMBERS])


def _draft(branch: Branch, team: list[User], name: str, cap: int | None) -> WayDraft:
    ids = [user.pk for user in team]
    early, late = tuple(ids[: len(ids) // 2 + 1]), tuple(ids[len(ids) // 2 :])
    shifts = (ShiftDraft(_WORKDAYS, *_DAY, early), ShiftDraft(_EVERY_DAY, *_NIGHT, late))
    return WayDraft(
        name=name,
        branch=branch,
        members=tuple(MemberDraft(pk, fallback=pk == ids[0]) for pk in ids),
        shifts=shifts,
        daily_cap=cap,
        tags=tuple(Tag.objects.order_by("pk")[:1]),
    )
