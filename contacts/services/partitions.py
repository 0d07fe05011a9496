"""Monthly partitions of the behaviour stream, made before their month begins."""

import datetime

from django.db import connection
from django.utils import timezone


def partitions_ensure(*, until: datetime.date) -> None:
    today = timezone.localdate()
    with connection.cursor() as cursor:
        cursor.execute("SELECT contacts_ensure_event_partitions(%s, %s)", [today, until])
