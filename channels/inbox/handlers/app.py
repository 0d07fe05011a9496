"""What employees do inside our application."""

from channels.inbox.handlers.base import Handlers, kept

HANDLERS: Handlers = {
    ("enter_agent", ""): kept("员工进入应用"),
    ("subscribe", ""): kept("员工开始使用应用"),
    ("unsubscribe", ""): kept("员工停止使用应用"),
    ("template_card_event", ""): kept("员工点击卡片"),
    ("template_card_menu_event", ""): kept("员工点击卡片菜单"),
}
