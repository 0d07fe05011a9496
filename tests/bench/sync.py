"""A first walk over all customers of all employees, from the sandbox into an empty mirror.

The product runs as it does in a bank: the sandbox, the worker and PostgreSQL are processes of their
own and share this machine. Beside it, in the same run: the pages read over the same client with
nothing done to them, and the same rows put into PostgreSQL with nothing read (COPY into the same
tables of another database, keys and indexes included).
"""

import io
import json
import os
import subprocess
import sys
import time

import psycopg2

from tests.smoke.stack import ROOT, Stack

CUSTOMERS = int(os.environ.get("BENCH_SYNC_CUSTOMERS", "100000"))
RMS = int(os.environ.get("BENCH_SYNC_RMS", "500"))
LIMIT_SECONDS = 400
# The demo's world leaves some customers without WeCom; this many make CUSTOMERS external contacts.
_DEMO_SHARE = 0.886
_CHUNK = 5000
_READ = """
import time
from channels.providers.wecom.api import wecom
wecom().follow_users()
began, rows = time.perf_counter(), 0
users = wecom().follow_users()
for at in range(0, len(users), 100):
    cursor = ""
    while True:
        page, cursor, _ = wecom().relations(users[at:at + 100], cursor)
        rows += len(page)
        if not cursor:
            break
print(time.perf_counter() - began, rows)
"""
_TABLES = {
    "contacts_externalcontact": "external_userid, name, unionid, kind, customer_id, matched_by,"
    " matched_at, synced_at",
    "contacts_follow": "user_id, contact_id, state, add_way, channel_state, remark, added_at,"
    " lost_at, lost_reason, as_of",
}


def run() -> list[dict]:
    # WeCom's own allowance of 10,000 calls a minute is far above the thousand pages of this walk.
    with Stack(customers=int(CUSTOMERS / _DEMO_SHARE), rms=RMS) as stack:
        world = _load(stack)
        reading, read_rows = _read_only(stack)
        first = _walk(stack)
        again = _walk(stack)
        copying = _copy_only(stack)
    counts = first["counts"]
    seconds = first["seconds"]
    return [
        {
            "name": "sync",
            "value": round(seconds, 1),
            "unit": "s",
            "customers": counts["contacts"],
            "follows": counts["follows"],
            "matched": counts["matched"],
            "employees": world["members"],
            "per_second": round(counts["contacts"] / seconds),
            "bound": {
                "reading_only_s": round(reading, 1),
                "rows_read": read_rows,
                "copy_only_s": round(copying, 1),
            },
            "ratio_to_slower_bound": round(seconds / max(reading, copying), 2),
            "second_walk_s": round(again["seconds"], 1),
            "goal_s": 120,
        }
    ]


def _load(stack: Stack) -> dict:
    world = json.loads(stack.manage("demo_world"))
    contacts, groups = world.pop("contacts"), world.pop("groups")
    stack.sandbox.post("world", {**world, "replace": True})
    for at in range(0, len(contacts), _CHUNK):
        stack.sandbox.post("world", {"contacts": contacts[at : at + _CHUNK]})
    return dict(stack.sandbox.post("world", {"groups": groups}))


def _walk(stack: Stack) -> dict:
    person = stack.person("hq")
    before = _rows(stack, "SELECT coalesce(max(id), 0) FROM channels_syncrun")[0][0]
    began = time.perf_counter()
    person.post("/connection/sync/")
    asked = f"SELECT state, counts, error FROM channels_syncrun WHERE id > {before}"
    while time.perf_counter() - began < LIMIT_SECONDS:
        state, counts, error = _rows(stack, asked)[0]
        if state != "running" or error:
            break
        time.sleep(0.1)
    if state != "done":
        raise AssertionError(f"the walk is {state}: {error} {stack.log('audit')[-2000:]}")
    return {"seconds": time.perf_counter() - began, "counts": counts}


def _rows(stack: Stack, statement: str) -> list[tuple]:
    connection = psycopg2.connect(stack.environment["DATABASE_URL"])
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()
    finally:
        connection.close()


def _read_only(stack: Stack) -> tuple[float, int]:
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", _READ],
        env=stack.environment,
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, rows = done.stdout.split()[-2:]
    return float(seconds), int(rows)


def _copy_only(stack: Stack) -> float:
    """Seconds to COPY what the walk wrote into empty tables of the same shape."""
    connection = psycopg2.connect(stack.environment["DATABASE_URL"])
    with connection, connection.cursor() as cursor:
        data = {}
        for table, columns in _TABLES.items():
            data[table] = io.StringIO()
            cursor.copy_expert(f"COPY (SELECT {columns} FROM {table}) TO STDOUT", data[table])
            cursor.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
        began = time.perf_counter()
        for table, columns in _TABLES.items():
            data[table].seek(0)
            cursor.copy_expert(f"COPY bare_{table} ({columns}) FROM STDIN", data[table])
        seconds = time.perf_counter() - began
        connection.rollback()
    connection.close()
    return seconds
