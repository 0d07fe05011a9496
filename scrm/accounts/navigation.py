"""Left navigation by role: the same names that the pages carry as titles."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from scrm.core.access import ADMIN, AUDITOR, HQ, OFFICER, RM


@dataclass(frozen=True, slots=True)
class Item:
    title: str
    url_name: str
    icon: str
    roles: frozenset[str]


def _item(title: str, url_name: str, icon: str, *roles: str) -> Item:
    return Item(title, url_name, icon, frozenset(roles))


@dataclass(frozen=True, slots=True)
class Section:
    """What belongs together; the title is left out where a role's whole menu is short."""

    title: str
    items: tuple[Item, ...]


MENU = (
    Section(
        "今日",
        (
            _item("工作台", "contacts:workbench", "home", RM),
            _item("经营看板", "insights:board", "chart-bar", HQ, ADMIN),
            _item("我的业绩", "insights:my_board", "chart-bar", RM),
            _item("审核台", "compliance:alerts", "shield-check", OFFICER),
            _item("审批", "compliance:reviews", "checklist", OFFICER, HQ, ADMIN),
        ),
    ),
    Section(
        "客户",
        (
            _item("客户", "contacts:customers", "users", RM, ADMIN, HQ),
            _item("客户群", "contacts:groups", "messages", RM, ADMIN, HQ),
            _item("客群", "contacts:segments", "filter", ADMIN, HQ),
            _item("标签", "contacts:tags", "tags", ADMIN, HQ),
            _item("身份核对", "contacts:doubts", "user-question", ADMIN, HQ),
        ),
    ),
    Section(
        "营销",
        (
            _item("活动", "campaigns:campaigns", "speakerphone", ADMIN, HQ),
            _item("素材", "campaigns:contents", "photo", RM, ADMIN, HQ),
            _item("活码", "channels:codes", "qrcode", RM, ADMIN, HQ, AUDITOR),
            _item("欢迎语", "campaigns:welcome_rules", "message-heart", ADMIN, HQ),
        ),
    ),
    Section(
        "合规",
        (
            _item("工单", "compliance:cases", "briefcase", OFFICER),
            _item("存档检索", "compliance:archive", "message-search", OFFICER, AUDITOR),
            _item("证据包", "compliance:evidence", "file-zip", OFFICER, AUDITOR),
            _item("词库", "compliance:lexicons", "vocabulary", OFFICER),
            _item("抽检", "compliance:sampling", "dice", OFFICER),
            _item("监督规则", "compliance:behaviour", "adjustments", OFFICER, HQ),
            _item("监督参数", "compliance:parameters", "adjustments", AUDITOR),
            _item("合规看板", "compliance:board", "chart-pie", OFFICER, HQ),
            _item("存档完整性", "compliance:integrity", "certificate", AUDITOR, HQ),
            _item("保存与保全", "compliance:keeping", "lock", OFFICER, HQ, AUDITOR),
            _item("审计日志", "audit:events", "list-search", AUDITOR, HQ, OFFICER),
        ),
    ),
    Section(
        "企业微信与组织",
        (
            _item("转交办理", "compliance:transfers", "arrows-exchange", ADMIN, HQ),
            _item("组织", "accounts:organisation", "sitemap", ADMIN, HQ),
            _item("企业微信组织", "channels:wecom_org", "hierarchy", HQ),
            _item("同步", "channels:sync", "refresh", HQ),
            _item("回调与外发", "channels:connection", "plug-connected", HQ),
            _item("连接检查", "channels:doctor", "stethoscope", HQ),
        ),
    ),
)
# A menu up to this long reads well without titles between its items.
_SHORT = 8


def menu_of(role: str) -> list[Section]:
    """The sections in which the role finds something."""
    sections = [
        Section(section.title, tuple(item for item in section.items if role in item.roles))
        for section in MENU
    ]
    found = [section for section in sections if section.items]
    if sum(len(section.items) for section in found) > _SHORT:
        return found
    return [Section("", section.items) for section in found]


def context(request: HttpRequest) -> dict[str, object]:
    """Template context: the menu of the signed-in role, and the demo notice."""
    from django.conf import settings

    user = getattr(request, "user", None)
    role = getattr(user, "role", "")
    match = request.resolver_match
    return {
        # Asked when the frame shows it, so that fragments pay nothing.
        "unread": SimpleLazyObject(lambda: _unread(user)),
        "menu": menu_of(role),
        "current_app": match.app_name if match else "",
        "current_view": match.view_name if match else "",
        "is_demo": settings.DEMO,
    }


def _unread(user: Any) -> int:
    """Unread notices, counted up to 99."""
    from scrm.accounts.models import Notice

    if not getattr(user, "is_authenticated", False):
        return 0
    return Notice.objects.filter(recipient=user, read_at=None)[:99].count()
