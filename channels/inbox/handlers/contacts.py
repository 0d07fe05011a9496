"""change_external_contact: friendships that begin, change and end."""

from typing import Any

from channels import signals
from channels.inbox.handlers.base import Apply, Handler, Handlers, client_of, id_of, kept, user_of
from channels.models import InboxEvent
from channels.sync.facts import contact_facts
from contacts import intake


def _fetch(event: InboxEvent) -> dict[str, Any]:
    return client_of(event).contact(id_of(event, "ExternalUserID"))


def _refresh(event: InboxEvent, data: dict[str, Any]) -> None:
    """Added or edited: takes what WeCom says now about this employee's side of the relation."""
    user = user_of(event)
    if user is None:
        return
    for facts in contact_facts(data):
        if facts.userid == user.wecom_userid:
            follow, created = intake.take_in(user=user, facts=facts, as_of=event.happened_at)
            if created:
                signals.follow_changed.send(
                    InboxEvent, follow=follow, change="added", at=event.happened_at
                )


def _lost(change: str) -> Apply:
    def apply(event: InboxEvent, data: Any) -> None:
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
            signals.follow_changed.send(
                InboxEvent, follow=follow, change=change, at=event.happened_at
            )

    return apply


_EVENT = "change_external_contact"
HANDLERS: Handlers = {
    (_EVENT, "add_external_contact"): Handler("添加客户", _refresh, _fetch),
    (_EVENT, "add_half_external_contact"): Handler("客户单向添加", _refresh, _fetch),
    (_EVENT, "edit_external_contact"): Handler("客户信息变更", _refresh, _fetch),
    (_EVENT, "del_external_contact"): Handler("员工删除客户", _lost("deleted_by_rm")),
    (_EVENT, "del_follow_user"): Handler("客户删除员工", _lost("deleted_by_customer")),
    (_EVENT, "transfer_fail"): kept("客户接替失败"),
    (_EVENT, "msg_audit_approved"): kept("客户同意会话存档"),
}
