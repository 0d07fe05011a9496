"""Pages of lists that may have millions of rows: the count stops at a cap."""

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator

CAP = 1000


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than CAP + 1 rows. `capped` tells that there are more than can be paged to;
    whoever needs the 1001st row narrows the filter."""

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: CAP + 1].count())

    @cached_property
    def count(self) -> int:  # type: ignore[override]
        return min(self._counted, CAP)

    @property
    def capped(self) -> bool:
        return self._counted > CAP

    @property
    def count_text(self) -> str:
        return f"{CAP:,}+" if self.capped else f"{self.count:,}"
