"""change_external_contact: friendships that begin, change and end."""

from typing import Any

from channels import signals
from channels.inbox.handlers.base import Apply, Handler, Handlers, client_of, id_of, note, user_of
from channels.models import InboxEvent
from channels.providers.base import ProviderError
from channels.providers.wecom.api import NO_RELATION
from channels.sync.facts import contact_facts
from contacts import intake


def _fetch(event: InboxEvent) -> dict[str, Any] | None:
    """What WeCom says of the customer now; None when there is no mutual relation (any more)."""
    try:
        return client_of(event).contact(id_of(event, "ExternalUserID"))
    except ProviderError as error:
        if error.errcode == NO_RELATION:
            return None
        raise


def _refresh(event: InboxEvent, data: dict[str, Any] | None) -> None:
    """Added or edited: takes what WeCom says now about this employee's side of the relation.

    Without a relation there is nothing to take: its own event ends it.
    """
    user = user_of(event)
    if user is None or data is None:
        return
    for facts in contact_facts(data):
        if facts.userid == user.wecom_userid:
            follow, created = intake.take_in(user=user, facts=facts, as_of=event.happened_at)
            if created:
                signals.follow_changed.send(
                    InboxEvent, follow=follow, change="added", at=event.happened_at
                )


def _half(event: InboxEvent, data: dict[str, Any] | None) -> None:
    """The customer has added; the employee has not yet added back. add_external_contact follows."""
    if data is None:
        note(event, "half_added")
    else:
        _refresh(event, data)


def _lost(event: InboxEvent, change: str) -> None:
    user = user_of(event)
    if user is None:
        return
    follow = intake.mark_lost(
        user=user,
        external_userid=id_of(event, "ExternalUserID"),
        state=change,
        at=event.happened_at,
    )
    if follow is not None:
        signals.follow_changed.send(InboxEvent, follow=follow, change=change, at=event.happened_at)


def _deleted_by_customer(event: InboxEvent, data: Any) -> None:
    _lost(event, "deleted_by_customer")


def _removed(event: InboxEvent, data: Any) -> None:
    """By the employee, or by WeCom because a colleague has taken the customer over."""
    moved = event.body.get("Source") == "DELETE_BY_TRANSFER"
    _lost(event, "transferred" if moved else "deleted_by_rm")


_REFUSALS = {"customer_refused": "客户拒绝", "customer_limit_exceed": "接替人客户数已达上限"}


def _transfer_failed(event: InboxEvent, data: Any) -> None:
    """UserID is who should have taken over. The former employee keeps the customer."""
    reason = str(event.body.get("FailReason") or "")
    note(event, "transfer_failed", reason=_REFUSALS.get(reason, reason))


def _noted(kind: str) -> Apply:
    def apply(event: InboxEvent, data: Any) -> None:
        note(event, kind)

    return apply


_EVENT = "change_external_contact"
# Greetings are not sent from here: they have a lane of their own, see channels.outbox.welcomes.
HANDLERS: Handlers = {
    (_EVENT, "add_external_contact"): Handler("添加客户", _refresh, _fetch),
    (_EVENT, "add_half_external_contact"): Handler("客户单向添加", _half, _fetch),
    (_EVENT, "edit_external_contact"): Handler("客户信息变更", _refresh, _fetch),
    (_EVENT, "del_external_contact"): Handler("员工删除客户", _removed),
    (_EVENT, "del_follow_user"): Handler("客户删除员工", _deleted_by_customer),
    (_EVENT, "transfer_fail"): Handler("客户接替失败", _transfer_failed),
    (_EVENT, "msg_audit_approved"): Handler("客户同意会话存档", _noted("archive_agreed")),
}
