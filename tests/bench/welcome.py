"""From a new friend's callback to WeCom's yes to the greeting, while the callback benchmark runs.

Everything of the product works on this machine at once: web servers, workers, PostgreSQL, Redis,
the sandbox, and the generator. The peer is the same greeting before the flood begins.
BENCH_CALLBACKS makes smaller runs.
"""

import itertools
import json
import time

import psycopg2

from tests.bench import _flood
from tests.bench.callbacks import CONNECTIONS, COUNT, keys_of
from tests.smoke.stack import Stack

QUIET_FRIENDS = 40
_PER_SECOND = 10


def run() -> list[dict]:
    with Stack(customers=400, rms=40, durable=True) as stack:
        world = json.loads(stack.manage("demo_world"))
        stack.sandbox.post("world", {**world, "replace": True})
        stack.sandbox.post("settings", {"callback_parallel": 8})
        employees = itertools.cycle([member["userid"] for member in world["members"]])
        quiet = _befriend(stack, employees, QUIET_FRIENDS)
        _settled(stack)
        sent = _flood.prepare(keys_of(stack), COUNT)
        flood = _flood.start(stack.var, sent.requests, stack.callback_port, CONNECTIONS)
        loaded: dict[str, float] = {}
        while not flood.ended():
            loaded |= _befriend(stack, employees, 1)
            time.sleep(1 / _PER_SECOND)
        measured = flood.measured()
        _settled(stack)
        return [_row(stack, measured, quiet, loaded)]


def _befriend(stack: Stack, employees: "itertools.cycle[str]", count: int) -> dict[str, float]:
    """{external_userid: when the customer pressed "add"}, in Unix seconds."""
    made = {}
    for _ in range(count):
        at = time.time()
        act = {"action": "customer_add", "userid": next(employees), "name": "新客"}
        made[stack.sandbox.post("act", act)["external_userid"]] = at
    return made


def _settled(stack: Stack) -> None:
    """Waits until no greeting is open; those that nobody can send any more expire by themselves."""
    waiting = "SELECT count(*) FROM channels_welcome WHERE state IN ('new', 'sending')"
    deadline = time.monotonic() + 60
    time.sleep(3)
    while _rows(stack, waiting) != [(0,)] and time.monotonic() < deadline:
        time.sleep(0.2)


def _row(stack: Stack, measured: dict, quiet: dict[str, float], loaded: dict[str, float]) -> dict:
    rows = _rows(
        stack,
        "SELECT external_userid, state, extract(epoch FROM settled_at - created_at)::float,"
        " extract(epoch FROM settled_at)::float FROM channels_welcome",
    )
    sent = {who: (took, at) for who, state, took, at in rows if state == "sent"}
    lane = [sent[who][0] for who in loaded if who in sent]
    whole = [sent[who][1] - loaded[who] for who in loaded if who in sent]
    calm = [sent[who][0] for who in quiet if who in sent]
    states: dict[str, int] = {}
    for who, state, _, _ in rows:
        if who in loaded:
            states[state] = states.get(state, 0) + 1
    accepted = sum(status == 200 for status in measured["statuses"])
    return {
        "name": "welcome",
        "value": round(_flood.percentile(lane, 0.99), 3),
        "unit": "s, p99 from callback to accepted send_welcome_msg",
        "p50": round(_flood.percentile(lane, 0.5), 3),
        "max": round(max(lane), 3),
        # From the customer's tap: the sandbox's own delivery of the callback comes on top.
        "p99_from_tap": round(_flood.percentile(whole, 0.99), 3),
        "greeted": len(lane),
        "friends": len(loaded),
        "states": states,
        "callbacks_per_s": round(accepted / measured["seconds"], 1),
        "callbacks_p99_ms": round(_flood.percentile(measured["ms"], 0.99), 1),
        "peer": {"name": "without load, p99", "value": round(_flood.percentile(calm, 0.99), 3)},
        "ratio": round(_flood.percentile(lane, 0.99) / _flood.percentile(calm, 0.99), 1),
    }


def _rows(stack: Stack, statement: str) -> list[tuple]:
    connection = psycopg2.connect(stack.environment["DATABASE_URL"])
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()
    finally:
        connection.close()
