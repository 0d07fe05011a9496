"""change_external_tag: the corporation's customer tags."""

from channels.inbox.handlers.base import Handlers, kept

_EVENT = "change_external_tag"
HANDLERS: Handlers = {
    (_EVENT, "create"): kept("企业标签新增"),
    (_EVENT, "update"): kept("企业标签变更"),
    (_EVENT, "delete"): kept("企业标签删除"),
    (_EVENT, "shuffle"): kept("企业标签排序"),
}
