"""Monthly partitions of the behaviour stream, made before their month begins."""

import datetime

from django.db import connection


def partitions_ensure(*, until: datetime.date) -> None:
    today = datetime.date.today()
    with connection.cursor() as cursor:
        cursor.execute("SELECT contacts_ensure_event_partitions(%s, %s)", [today, until])
