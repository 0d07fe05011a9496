"""Writes over live codes. Each states what is wanted; the push carries it over to WeCom."""

import secrets
from typing import Any

from django.db import transaction
from django.utils import timezone

from channels.codes import roster
from channels.codes.drafts import GroupDraft, WayDraft, check_group, check_way, refuse
from channels.codes.facts import added_today
from channels.models import (
    AnyCode,
    Code,
    ContactWay,
    ContactWayMember,
    ContactWayShift,
    FoundWay,
    GroupCode,
)
from channels.providers.wecom.people import corp_of
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core import states
from scrm.core.bell import ring_once
from scrm.core.errors import BusinessError

_SHARED = ("name", "channel", "purpose", "branch")
_WAY_FIELDS = (*_SHARED, "skip_verify", "daily_cap")
_GROUP_FIELDS = (*_SHARED, "auto_create_room", "room_base_name", "room_base_id")


def new_state(prefix: str) -> str:
    """80 random bits: whoever sees one code's state can guess no other."""
    return prefix + secrets.token_hex(10)


@transaction.atomic
def contact_way_create(*, draft: WayDraft, actor: User, channel_state: str = "") -> ContactWay:
    """A new code; `channel_state` only for one that customers already carry."""
    check_way(draft, actor)
    way = ContactWay(created_by=actor, is_exclusive=draft.is_exclusive)
    way.corp_id = _corp_of(draft)
    way.channel_state = channel_state or new_state("cw")
    _write_way(way, draft)
    record("code.create", actor=actor, obj=way, after=_told(way, draft))
    return way


def _corp_of(draft: WayDraft) -> str:
    """The corporation of a checked draft's people: all belong to one."""
    person = User.objects.get(pk=draft.members[0].user_id)
    return corp_of(str(person.wecom_userid))


@transaction.atomic
def contact_way_update(*, way: ContactWay, draft: WayDraft, actor: User) -> ContactWay:
    """Everything but the QR code itself may change: what hangs on the wall stays valid."""
    way = _locked(way)
    check_way(draft, actor, way)
    before = _brief(way)
    way.members.all().delete()
    way.shifts.all().delete()
    _write_way(way, draft)
    record("code.update", actor=actor, obj=way, before=before, after=_told(way, draft))
    return way


def _write_way(way: ContactWay, draft: WayDraft) -> None:
    for name in _WAY_FIELDS:
        setattr(way, name, getattr(draft, name))
    way.save()
    way.tags.set(draft.tags)
    people = ContactWayMember.objects.bulk_create(
        ContactWayMember(
            way=way, user_id=row.user_id, daily_cap=row.daily_cap, fallback=row.fallback
        )
        for row in draft.members
    )
    members = {row.user_id: row for row in people}
    for row in draft.shifts:
        days = sorted(set(row.weekdays))
        shift = ContactWayShift.objects.create(
            way=way, weekdays=days, starts=row.starts, ends=row.ends
        )
        shift.members.set([members[user_id] for user_id in row.user_ids])
    _want(way)


def _want(code: AnyCode) -> None:
    """States what WeCom should have now, and rings whoever carries it over."""
    from channels.tasks import codes_push

    now = timezone.now()
    if isinstance(code, ContactWay):
        fresh = roster.with_people(ContactWay.objects.filter(pk=code.pk)).get()
        counts = added_today([code.channel_state], now)
        payload = roster.wanted(fresh, counts, now)
    else:
        payload = roster.wanted_group(code)
    roster.want(code, payload, now)
    code.save()
    ring_once(codes_push)


def _locked(code: Any) -> Any:
    row = (
        type(code).objects.select_for_update(of=("self",)).select_related("branch").get(pk=code.pk)
    )
    if row.state == Code.State.DELETED:
        raise BusinessError("这个活码已经删除。")
    return row


def _brief(code: AnyCode) -> dict[str, Any]:
    return {"名称": code.name, "渠道": code.channel, "机构": code.branch.name}


def _told(way: ContactWay, draft: WayDraft) -> dict[str, Any]:
    return _brief(way) | {
        "成员": len(draft.members),
        "班次": len(draft.shifts),
        "每日上限": draft.daily_cap,
        "标签": [str(tag) for tag in draft.tags],
    }


@transaction.atomic
def group_code_create(*, draft: GroupDraft, actor: User) -> GroupCode:
    check_group(draft, actor)
    code = GroupCode(created_by=actor, channel_state=new_state("gc"))
    _write_group(code, draft)
    record(
        "code.create", actor=actor, obj=code, after=_brief(code) | {"客户群": len(code.chat_ids)}
    )
    return code


@transaction.atomic
def group_code_update(*, code: GroupCode, draft: GroupDraft, actor: User) -> GroupCode:
    code = _locked(code)
    check_group(draft, actor, code)
    before = _brief(code)
    _write_group(code, draft)
    after = _brief(code) | {"客户群": len(code.chat_ids)}
    record("code.update", actor=actor, obj=code, before=before, after=after)
    return code


def _write_group(code: GroupCode, draft: GroupDraft) -> None:
    for name in _GROUP_FIELDS:
        setattr(code, name, getattr(draft, name))
    code.corp_id = corp_of(draft.chat_ids[0])
    code.chat_ids = list(draft.chat_ids)
    code.save()
    _want(code)


@transaction.atomic
def _moved(code: AnyCode, target: str, action: str, actor: User) -> None:
    row = _locked(code)
    before = states.move(row, row.MOVES, target)
    row.save(update_fields=["state"])
    _want(row)
    record(action, actor=actor, obj=row, before={"状态": before}, after={"状态": target})


def contact_way_pause(*, way: ContactWay, actor: User) -> None:
    """Only the fallback receives from now on: WeCom knows no way to stop a code and keep it."""
    _moved(way, Code.State.PAUSED, "code.pause", actor)


def contact_way_resume(*, way: ContactWay, actor: User) -> None:
    _moved(way, Code.State.ACTIVE, "code.resume", actor)


def contact_way_delete(*, way: ContactWay, actor: User) -> None:
    """Ends the QR code for good; what came through it stays attributed."""
    _moved(way, Code.State.DELETED, "code.delete", actor)


def group_code_delete(*, code: GroupCode, actor: User) -> None:
    _moved(code, Code.State.DELETED, "code.delete", actor)


@transaction.atomic
def code_push_again(*, code: AnyCode, actor: User) -> None:
    """Tries again now; a code that WeCom has lost, or never told us of, is made anew."""
    from channels.tasks import codes_push

    row = _locked(code)
    lost = row.push_state == Code.Push.GONE
    untold = isinstance(row, GroupCode) and row.push_state == Code.Push.UNCERTAIN
    if lost or untold:
        row.config_id, row.qr_code, row.pushed, row.adding_since = "", "", None, None
        row.picture, row.picture_type = None, ""
    row.push_state, row.push_at, row.push_attempts = Code.Push.WAITING, timezone.now(), 0
    row.save()
    record("code.push", actor=actor, obj=row, after={"重新创建": lost or untold})
    ring_once(codes_push)


@transaction.atomic
def contact_way_adopt(*, found: FoundWay, draft: WayDraft, actor: User) -> ContactWay:
    """Takes a code that WeCom has into our hands: its QR code goes on working, under our rules."""
    found = FoundWay.objects.select_for_update().get(pk=found.pk)
    state = found.channel_state
    taken = not state or len(state) > 30 or ContactWay.objects.filter(channel_state=state).exists()
    check_way(draft, actor)
    refuse(_corp_of(draft) != found.corp_id, "成员必须属于这个活码所在的企业微信。")
    way = ContactWay(created_by=actor, config_id=found.config_id, qr_code=found.qr_code)
    way.corp_id = found.corp_id
    way.channel_state = new_state("cw") if taken else state
    way.is_exclusive = found.is_exclusive
    _write_way(way, draft)
    found.delete()
    record("code.adopt", actor=actor, obj=way, after=_told(way, draft))
    return way
