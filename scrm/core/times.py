"""Times as text."""

import datetime
from functools import lru_cache


# A batch states a time once for all its rows, and one row states it in several tables.
@lru_cache(maxsize=8192)
def moment(at: datetime.datetime) -> str:
    """A time to the microsecond in UTC: 2026-03-01T01:02:03.000004Z."""
    here = at if at.tzinfo is datetime.UTC else at.astimezone(datetime.UTC)
    return f"{here.isoformat(timespec='microseconds')[:26]}Z"
