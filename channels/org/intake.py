"""Takes in what WeCom tells of departments and members. Newer facts win."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models.functions import Lower

from channels.models import Department, Member
from channels.providers.wecom.people import local_id
from scrm.accounts.models import User

_DEPARTMENT = ["name", "parent_id_there", "order", "removed_at", "as_of"]
_MEMBER = ["name", "departments", "position", "status", "user", "left_at", "as_of"]


@dataclass(frozen=True, slots=True)
class Told:
    """One row of WeCom's answer about a department or a member, with when it was asked for."""

    corp_id: str
    row: dict[str, Any]
    as_of: datetime.datetime


@transaction.atomic
def take_in_departments(told: Iterable[Told]) -> int:
    """Departments with their names; a branch that head office linked stays. Returns how many."""
    latest = {local_id(t.corp_id, str(t.row["id"])): t for t in told}
    known = _newer(Department, "wecom_id", latest)
    rows = [_department(key, t) for key, t in sorted(latest.items()) if key not in known]
    Department.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["wecom_id"], update_fields=_DEPARTMENT
    )
    return len(rows)


def _newer(model: Any, field: str, latest: dict[str, Told]) -> set[str]:
    """Rows of which something newer is known; all of them are locked until they are written."""
    rows = model.objects.select_for_update().filter(**{f"{field}__in": latest}).order_by(field)
    return {key for key, as_of in rows.values_list(field, "as_of") if as_of > latest[key].as_of}


def _department(key: str, told: Told) -> Department:
    row = told.row
    return Department(
        wecom_id=key,
        name=(row.get("name") or "")[:120],
        parent_id_there=local_id(told.corp_id, str(row.get("parentid") or "")),
        order=row.get("order") or 0,
        removed_at=None,
        as_of=told.as_of,
    )


@transaction.atomic
def take_in_members(told: Iterable[Told]) -> int:
    """Members, tied to our people by userid. Who is back is no longer marked as gone."""
    latest = {local_id(t.corp_id, t.row["userid"]): t for t in told}
    known = _newer(Member, "userid", latest)
    users = _users(latest)
    rows = [_member(key, t, users) for key, t in sorted(latest.items()) if key not in known]
    _free([row for row in rows if row.user_id is not None])
    Member.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["userid"], update_fields=_MEMBER
    )
    _flag([row for row in rows if row.left_at is None], None)
    for row in rows:
        if row.left_at is not None:
            _flag([row], row.left_at)
    return len(rows)


def _users(userids: Iterable[str]) -> dict[str, int]:
    wanted = {userid.lower() for userid in userids}
    rows = User.objects.annotate(key=Lower("wecom_userid")).filter(key__in=wanted)
    return dict(rows.values_list("key", "pk"))


def _member(key: str, told: Told, users: dict[str, int]) -> Member:
    row = told.row
    status = int(row.get("status") or Member.Status.ACTIVE)
    return Member(
        userid=key,
        name=(row.get("name") or "")[:60],
        departments=[local_id(told.corp_id, str(one)) for one in row.get("department") or []],
        position=(row.get("position") or "")[:120],
        status=status,
        user_id=users.get(key.lower()),
        left_at=told.as_of if status == Member.Status.LEFT else None,
        as_of=told.as_of,
    )


def _free(rows: list[Member]) -> None:
    """A person of ours whose userid changed leaves the member of the old name."""
    ids = {row.user_id: row.userid for row in rows}
    Member.objects.filter(user__in=ids).exclude(userid__in=ids.values()).update(user=None)


def _flag(rows: Iterable[Member], at: datetime.datetime | None) -> None:
    """Marks our people as gone from WeCom since `at`, or as there."""
    ids = [row.user_id for row in rows if row.user_id is not None]
    changed = User.objects.filter(pk__in=ids)
    if at is None:
        changed.filter(wecom_left_at__isnull=False).update(wecom_left_at=None)
    else:
        changed.filter(wecom_left_at=None).update(wecom_left_at=at)


@transaction.atomic
def mark_members_left(*, userids: Iterable[str], at: datetime.datetime) -> int:
    """Members that WeCom does not show any more, unless something newer is known of them."""
    rows = list(
        Member.objects.select_for_update(of=("self",))
        .filter(userid__in=list(userids), left_at=None, as_of__lte=at)
        .order_by("userid")
    )
    Member.objects.filter(pk__in=[row.pk for row in rows]).update(left_at=at, as_of=at)
    _flag(rows, at)
    return len(rows)


@transaction.atomic
def mark_departments_removed(*, ids: Iterable[str], at: datetime.datetime) -> int:
    rows = Department.objects.filter(wecom_id__in=list(ids), removed_at=None, as_of__lte=at)
    return rows.update(removed_at=at, as_of=at)


@transaction.atomic
def rename_member(*, old: str, new: str, at: datetime.datetime) -> None:
    """WeCom gave a member another userid: ours goes with it, so that no friendship is orphaned."""
    row = Member.objects.select_for_update().filter(userid=old).first()
    if row is None:
        return
    user_id = row.user_id
    if Member.objects.filter(userid=new).exists():
        # A walk or another event brought the new name first: the old row is only a memory.
        row.user_id, row.left_at = None, row.left_at or at
    else:
        row.userid = new
    row.save(update_fields=["userid", "user", "left_at"])
    if user_id is not None:
        User.objects.filter(pk=user_id).update(wecom_userid=new, wecom_left_at=None)
