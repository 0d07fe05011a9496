"""The message archive has something new."""

from typing import Any

from channels import signals
from channels.inbox.handlers.base import Handler, Handlers, kept
from channels.models import InboxEvent


def _notify(event: InboxEvent, data: Any) -> None:
    signals.archive_notified.send(InboxEvent, corp_id=event.corp_id)


HANDLERS: Handlers = {
    ("msgaudit_notify", ""): Handler("会话存档有新消息", _notify),
    # Belongs to another product of WeCom; the classic archive does not send it.
    ("program_notify", ""): kept("数据与智能专区通知"),
}
