"""Chinese names of alert categories: those of the lexicon and those of behaviour."""

from compliance.lexicon import CATEGORIES

BEHAVIOURS = {
    "customer_deleted": "员工删除客户",
    "late_reply": "回复超时",
    "complaint": "客户投诉",
    "mass_views": "大量查看客户",
    "mass_unmasking": "大量查看敏感信息",
    "mass_export": "多次导出",
    "red_packet": "红包",
    "card_sent": "发送名片",
    "off_hours": "非工作时间集中发送",
    "sampling": "抽检发现",
}


def category_name(code: str) -> str:
    if code in CATEGORIES:
        return CATEGORIES[code][0]
    return BEHAVIOURS.get(code, code)


def category_choices() -> list[tuple[str, str]]:
    return [(code, name) for code, (name, _) in CATEGORIES.items()] + list(BEHAVIOURS.items())
