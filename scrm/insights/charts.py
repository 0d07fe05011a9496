"""ECharts options as plain dictionaries."""

from typing import Any

_TEXT = {"fontFamily": "inherit"}


def funnel(steps: list[tuple[str, int]]) -> dict[str, Any]:
    """Horizontal bars, widest first; labels carry the exact numbers."""
    names = [name for name, _ in reversed(steps)]
    values = [value for _, value in reversed(steps)]
    return {
        "textStyle": _TEXT,
        "grid": {"left": 8, "right": 60, "top": 8, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "value", "show": False},
        "yAxis": {"type": "category", "data": names, "axisTick": {"show": False}},
        "series": [
            {
                "type": "bar",
                "data": values,
                "label": {"show": True, "position": "right"},
                "itemStyle": {"color": "#206bc4", "borderRadius": 3},
                "barWidth": "55%",
            }
        ],
    }
