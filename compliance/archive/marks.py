"""Where the sweeper may start: rows are only ever added, so what is settled stays settled.

Without this every sweep would compare the whole archive with itself. The marks live in the process:
after a restart the first sweep looks at everything once, and nothing has to be trusted.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet


class LowWater:
    """`rows` makes the queryset of unsettled rows by id; only one process at a time adds rows."""

    def __init__(self, rows: Callable[[], QuerySet[Any]]) -> None:
        self.rows = rows
        self.mark = 0

    def unsettled(self) -> QuerySet[Any]:
        return self.rows().filter(id__gt=self.mark)

    def advance(self) -> None:
        """Moves to just before the first unsettled row, or to the newest row there is."""
        # The newest first: a row that comes in between must not be taken for settled.
        ids = self.rows().model._default_manager.order_by("-id").values_list("id", flat=True)
        newest = ids.first() or 0
        first = self.unsettled().filter(id__lte=newest).values_list("id", flat=True).first()
        self.mark = newest if first is None else first - 1
