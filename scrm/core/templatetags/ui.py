"""Template tags that every page uses: money, times, states, people, icons, lists."""

from decimal import Decimal
from typing import Any

from django import template
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from scrm.core import masking

register = template.Library()

# State → colour: grey draft, blue running, green done, amber waiting, red blocked.
_COLOURS = {
    "secondary": "draft planned new_queue retired withdrawn ignored transferred cancelled superseded",
    "blue": "running approved scheduled leased claimed sending handed_over action",
    "green": "finished delivered done active closed accepted granted dismissed sent pushed",
    "yellow": "in_review open new paused uncertain queued waiting awaiting_second confirmed_wait"
    " owner_left expired",
    "red": "failed rejected dead suppressed deleted_by_customer deleted_by_rm lost confirmed gone",
    "teal": "clicked replied",
}
_STATE_COLOUR = {state: colour for colour, states in _COLOURS.items() for state in states.split()}
# The review desk, its rules and samples.
_STATE_COLOUR |= dict.fromkeys(("disputed", "proposed", "pending"), "yellow")
_STATE_COLOUR |= {"pass": "green", "violation": "red", "ready": "green"}
_STATE_COLOUR |= {"building": "blue", "starting": "blue", "refused": "red"}
_SEVERITY_COLOUR = {0: "secondary", 1: "azure", 2: "yellow", 3: "orange", 4: "red"}
_TIER_COLOUR = {
    "mass": "secondary",
    "gold": "yellow",
    "platinum": "azure",
    "diamond": "indigo",
    "private": "purple",
}
_AVATARS = ("blue", "azure", "indigo", "purple", "pink", "orange", "teal", "green", "cyan")


def _short_money(value: Decimal) -> str:
    if abs(value) >= 100_000_000:
        return f"¥{value / 100_000_000:,.2f} 亿"
    if abs(value) >= 10_000:
        return f"¥{value / 10_000:,.1f} 万"
    return f"¥{value:,.2f}"


@register.filter
def money(value: Any) -> SafeString | str:
    """¥1,234.5 万 with the exact amount on hover."""
    if value in (None, ""):
        return "—"
    amount = Decimal(value)
    return format_html(
        '<span class="num" title="¥{}">{}</span>', f"{amount:,.2f}", _short_money(amount)
    )


def _relative(seconds: float) -> str:
    ahead = seconds < 0
    seconds = abs(seconds)
    for size, name in ((86400, "天"), (3600, "小时"), (60, "分钟")):
        if seconds >= size:
            return f"{int(seconds // size)} {name}{'后' if ahead else '前'}"
    return "即将" if ahead else "刚刚"


@register.filter
def when(value: Any) -> SafeString | str:
    """Relative time with the exact time on hover."""
    if not value:
        return "—"
    text = _relative((timezone.now() - value).total_seconds())
    exact = timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), exact, text)


@register.filter
def days(value: Any) -> SafeString | str:
    """A date as days from today ("3 天后"), the date on hover."""
    if not value:
        return "—"
    distance = (value - timezone.localdate()).days
    text = "今天" if distance == 0 else f"{abs(distance)} 天{'后' if distance > 0 else '前'}"
    return format_html('<span title="{}">{}</span>', value.isoformat(), text)


@register.filter
def percent(part: Any, whole: Any) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "—"


@register.filter
def share(part: Any, whole: Any) -> int:
    """0–100 for the width of a bar."""
    return round(100 * part / whole) if whole else 0


@register.simple_tag
def state_badge(row: Any, field: str = "state") -> SafeString:
    """State as text and colour: {% state_badge campaign %}."""
    value = getattr(row, field)
    colour = _STATE_COLOUR.get(value, "secondary")
    label = getattr(row, f"get_{field}_display")()
    return format_html('<span class="badge bg-{}-lt">{}</span>', colour, label)


@register.filter
def state_colour(value: str) -> str:
    return _STATE_COLOUR.get(value, "secondary")


@register.simple_tag
def severity_badge(severity: int | None) -> SafeString:
    names = ("观察", "提示", "警告", "严重", "禁止")
    if severity is None:
        return format_html('<span class="badge bg-green-lt">{}</span>', "未命中")
    return format_html(
        '<span class="badge bg-{}-lt">S{} {}</span>',
        _SEVERITY_COLOUR[severity],
        severity,
        names[severity],
    )


@register.simple_tag
def tier_badge(customer: Any) -> SafeString:
    return format_html(
        '<span class="badge bg-{}-lt">{}</span>',
        _TIER_COLOUR.get(customer.tier, "secondary"),
        customer.get_tier_display(),
    )


@register.simple_tag
def risk_badge(customer: Any) -> SafeString:
    """The C-level that counts today; an expired one is shown as such."""
    if not customer.risk_level:
        return format_html('<span class="badge bg-secondary-lt">{}</span>', "未测评")
    valid = customer.valid_risk_level(timezone.localdate())
    return format_html(
        '<span class="badge bg-{}-lt" title="测评有效期至 {}">C{}{}</span>',
        "azure" if valid else "yellow",
        customer.risk_expires_on or "—",
        customer.risk_level,
        "" if valid else " 已过期",
    )


@register.simple_tag(takes_context=True)
def chosen(context: dict[str, Any], name: str, value: Any) -> str:
    """The attribute of an <option> whose name=value stands in the query string."""
    request: HttpRequest = context["request"]
    return " selected" if str(value) in request.GET.getlist(name) else ""


@register.filter
def first_letter(value: str) -> str:
    """A person's name as far as everybody may see it."""
    return masking.name(value)


@register.filter
def thousands(value: Any) -> str:
    return f"{value:,}"


@register.simple_tag
def avatar(name: str, size: str = "sm") -> SafeString:
    colour = _AVATARS[sum(name.encode()) % len(_AVATARS)]
    return format_html('<span class="avatar avatar-{} bg-{}-lt">{}</span>', size, colour, name[:1])


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    return format_html('<i class="ti ti-{} {}" aria-hidden="true"></i>', name, extra)


@register.filter
def underline(text: str, findings: Any) -> SafeString:
    """Text with the spans of lexicon findings underlined; findings: [{"start", "end", …}, …]."""
    out, at = SafeString(""), 0
    for finding in sorted(findings or [], key=lambda item: item["start"]):
        start, end = max(finding["start"], at), finding["end"]
        if end <= at:
            continue
        out += format_html(
            '{}<mark class="hit hit-s{}" title="{}">{}</mark>',
            text[at:start],
            finding["severity"],
            finding["explanation"],
            text[start:end],
        )
        at = end
    return out + format_html("{}", text[at:])


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: Any) -> str:
    """The page's query string with some keys changed; None removes one."""
    request: HttpRequest = context["request"]
    params = request.GET.copy()
    for key, value in changes.items():
        if value in (None, ""):
            params.pop(key, None)
        else:
            params[key] = str(value)
    return f"?{params.urlencode()}"
