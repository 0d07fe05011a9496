"""Template tags of the compliance pages."""

from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from compliance.lexicon.versions import described

register = template.Library()


register.filter("judged_by", described)


@register.filter
def code_points(text: str) -> str:
    """The numbers of a text's symbols, for those whose fonts show only a box."""
    return " ".join(f"U+{ord(ch):04X}" for ch in text if not ch.isalnum())


@register.simple_tag
def board_link(count: int, query: str, linked: bool) -> SafeString:
    """A number that leads to its rows on the desk, for those who may open it."""
    if not linked or not count:
        return format_html("{}", count)
    return format_html('<a href="{}?{}">{}</a>', reverse("compliance:alerts"), query, count)


@register.simple_tag(takes_context=True)
def without(context: dict[str, Any], name: str) -> str:
    """The page's query string without that filter, from its first page on."""
    params = context["request"].GET.copy()
    params.pop(name, None)
    params.pop("page", None)
    return f"?{params.urlencode()}"
