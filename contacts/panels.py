"""Places on customer pages that upper apps fill: scripts, contents, contact budget, KPI.

An upper app registers in AppConfig.ready:

    panels.register("customer_side", scripts_panel)

`scripts_panel(user, customer)` returns Panel(template, context) or None for nothing to show;
`customer` is None on the workbench. The template is a fragment; it gets the context's keys,
`customer`, and what every page gets (request, user).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.template.loader import render_to_string

from contacts.models import Customer
from scrm.accounts.models import User
from scrm.accounts.request import Request

# workbench_side: right column of the workbench; customer_head: chips beside the name;
# customer_side: right column of customer 360; sidebar_scripts: the 话术 tab of the WeCom sidebar.
PLACES = ("workbench_side", "customer_head", "customer_side", "sidebar_scripts")


@dataclass(frozen=True, slots=True)
class Panel:
    template: str
    context: dict[str, Any] = field(default_factory=dict)


Source = Callable[[User, Customer | None], Panel | None]
_SOURCES: dict[str, list[Source]] = {place: [] for place in PLACES}


def register(place: str, source: Source) -> None:
    if source not in _SOURCES[place]:
        _SOURCES[place].append(source)


def panels(place: str, *, request: Request, customer: Customer | None = None) -> list[str]:
    """The place's panels as HTML, in the order of registration."""
    found = (source(request.user, customer) for source in _SOURCES[place])
    return [
        render_to_string(panel.template, {**panel.context, "customer": customer}, request)
        for panel in found
        if panel is not None
    ]
