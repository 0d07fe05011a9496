"""How the trail's before and after are shown."""

from typing import Any

from django import template

from scrm.audit.actions import FIELDS

register = template.Library()
_NOTHING = "无"


@register.filter
def audit_field(key: str) -> str:
    """A field's Chinese name; its own where it has none."""
    return FIELDS.get(key, key)


@register.filter
def audit_value(value: Any) -> str:
    """A value as a reader expects it: 是 and 否, 无 for nothing, lists with commas."""
    if value is None or value in ("", []):
        return _NOTHING
    if isinstance(value, bool):
        return "是" if value else "否"
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)
