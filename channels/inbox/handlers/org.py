"""change_contact: employees, departments and their tags."""

from channels.inbox.handlers.base import Handlers, kept

_EVENT = "change_contact"
HANDLERS: Handlers = {
    (_EVENT, "create_user"): kept("员工新增"),
    (_EVENT, "update_user"): kept("员工变更"),
    (_EVENT, "delete_user"): kept("员工删除"),
    (_EVENT, "create_party"): kept("部门新增"),
    (_EVENT, "update_party"): kept("部门变更"),
    (_EVENT, "delete_party"): kept("部门删除"),
    (_EVENT, "update_tag"): kept("员工标签变更"),
}
