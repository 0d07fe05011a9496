"""change_external_chat: customer groups."""

from channels.inbox.handlers.base import Handlers, kept

_EVENT = "change_external_chat"
HANDLERS: Handlers = {
    (_EVENT, "create"): kept("客户群创建"),
    (_EVENT, "update"): kept("客户群变更"),
    (_EVENT, "dismiss"): kept("客户群解散"),
}
