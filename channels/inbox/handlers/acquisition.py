"""customer_acquisition: paid links and their balance."""

from typing import Any

from channels.inbox.handlers.base import Handler, Handlers, kept, note
from channels.models import InboxEvent


def _started(event: InboxEvent, data: Any) -> None:
    """The one event that names the customer: through which link they came."""
    body = event.body
    note(event, "acquisition", link=body.get("LinkId", ""), state=body.get("State", ""))


_EVENT = "customer_acquisition"
HANDLERS: Handlers = {
    (_EVENT, "balance_low"): kept("获客额度不足"),
    (_EVENT, "balance_exhausted"): kept("获客额度用尽"),
    (_EVENT, "balance_increased"): kept("获客额度增加"),
    (_EVENT, "quota_expire_soon"): kept("获客额度即将过期"),
    (_EVENT, "link_unavailable"): kept("获客链接不可用"),
    (_EVENT, "delete_link"): kept("获客链接被删除"),
    (_EVENT, "friend_request"): kept("获客链接申请添加"),
    (_EVENT, "customer_start_chat"): Handler("获客客户开口", _started),
    (_EVENT, "message_from_customer"): kept("获客客户发来消息"),
    (_EVENT, "open_profile"): kept("获客链接被打开"),
}
