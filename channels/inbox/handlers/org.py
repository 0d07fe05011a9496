"""change_contact: employees, departments and their tags."""

from typing import Any

from channels.inbox.handlers.base import Handler, Handlers, client_of, id_of, kept
from channels.models import Department, InboxEvent
from channels.org.intake import (
    Told,
    mark_departments_removed,
    mark_members_left,
    rename_member,
    take_in_departments,
    take_in_members,
)
from channels.org.walk import member_row
from channels.providers.wecom.people import local_id, wecom_id


def _fetch_member(event: InboxEvent) -> dict[str, Any] | None:
    """The event names only the member; None when WeCom shows them to us no more."""
    userid = str(event.body.get("NewUserID") or event.body.get("UserID") or "")
    return member_row(client_of(event), userid)


def _member(event: InboxEvent, row: dict[str, Any] | None) -> None:
    new = id_of(event, "NewUserID")
    if new:
        rename_member(old=id_of(event, "UserID"), new=new, at=event.happened_at)
    if row is not None:
        take_in_members([Told(event.corp_id, row, event.happened_at)])


def _member_gone(event: InboxEvent, data: Any) -> None:
    mark_members_left(userids=[id_of(event, "UserID")], at=event.happened_at)


def _department(event: InboxEvent, data: Any) -> None:
    """The event carries the department itself; what an update leaves out stays."""
    body, key = event.body, id_of(event, "Id")
    known = Department.objects.filter(wecom_id=key).first()
    parent = body.get("ParentId") or (wecom_id(known.parent_id_there) if known else "")
    row = {
        "id": body.get("Id"),
        "name": body.get("Name") or (known.name if known else ""),
        "parentid": parent,
        "order": int(body.get("Order") or (known.order if known else 0)),
    }
    take_in_departments([Told(event.corp_id, row, event.happened_at)])


def _department_gone(event: InboxEvent, data: Any) -> None:
    key = local_id(event.corp_id, str(event.body.get("Id") or ""))
    mark_departments_removed(ids=[key], at=event.happened_at)


_EVENT = "change_contact"
HANDLERS: Handlers = {
    (_EVENT, "create_user"): Handler("员工新增", _member, _fetch_member),
    (_EVENT, "update_user"): Handler("员工变更", _member, _fetch_member),
    (_EVENT, "delete_user"): Handler("员工删除", _member_gone),
    (_EVENT, "create_party"): Handler("部门新增", _department),
    (_EVENT, "update_party"): Handler("部门变更", _department),
    (_EVENT, "delete_party"): Handler("部门删除", _department_gone),
    (_EVENT, "update_tag"): kept("员工标签变更"),
}
