"""Looking at the simulated world from outside, for assertions and for the pages."""

from __future__ import annotations

from aiohttp import web

from channels.sandbox.control.answers import number
from channels.sandbox.control.keys import PEOPLE
from channels.sandbox.core import Sandbox
from channels.sandbox.corp import mass_send, world
from channels.sandbox.dispatch import BOX
from channels.sandbox.errors import ControlError
from channels.sandbox.types import Doc, Docs


async def tasks(request: web.Request) -> Doc:
    """?msgid= one task, ?limit= the newest ones; ?rows=1 adds each recipient.

    ?summary=1 gives totals in place of the members.
    """
    box = request.app[BOX]
    wanted = request.query.get("msgid", "")
    if wanted and wanted not in box.tasks:
        raise ControlError("没有这个 msgid。")
    rows = [box.tasks.rows[wanted]] if wanted else list(box.tasks.values())
    rows = sorted(rows, key=lambda task: -task["create_time"])[: number(request, "limit", 200)]
    if "summary" in request.query:
        return {"tasks": [_task_summary(box, task) for task in rows]}
    return {"tasks": [_task_view(box, task, "rows" in request.query) for task in rows]}


def _task_summary(box: Sandbox, task: Doc) -> Doc:
    shares = mass_send.shares_of(box, task)
    counts = [sum(column) for column in zip(*(row["counts"] for row in shares), strict=True)]
    return {
        "msgid": task["msgid"], "text": task["text"]["content"], "cancelled": task["cancelled"],
        "create_time": task["create_time"], "create_type": task["create_type"],
        "members": len(shares), "confirmed": sum(bool(row["status"]) for row in shares),
        "recipients": sum(counts), "not_sent": counts[0], "sent": counts[1],
        "not_friend": counts[2], "over_cap": counts[3],
    }  # fmt: skip


def _task_view(box: Sandbox, task: Doc, with_rows: bool) -> Doc:
    shares = []
    for share in mass_send.shares_of(box, task):
        view = {
            **mass_send.tally(share),
            "status": share["status"],
            "send_time": share["send_time"],
        }
        if with_rows:
            view["rows"] = share["rows"]
        shares.append(view)
    return {**task, "members": shares}


async def messages(request: web.Request) -> Doc:
    """?external_userid= what this customer has received, oldest first; &all=1 also what it sent.

    ?source_id= all deliveries of one mass-send task; ?after=id&limit= to page.
    """
    box, query = request.app[BOX], request.query
    where, value = _message_filter(request)
    limit, after = number(request, "limit", 1000), number(request, "after", 0)
    rows = box.messages.select(where, value, limit=limit, after=after)
    if "all" not in query and "external_userid" in query:
        rows = [row for row in rows if row["from"] != query["external_userid"]]
    return {"messages": rows, "total": box.messages.count(where, value)}


def _message_filter(request: web.Request) -> tuple[str, str]:
    for name, column in (
        ("external_userid", "customer"), ("source_id", "source_id"), ("userid", "member"),
        ("room", "room"),
    ):  # fmt: skip
        if request.query.get(name):
            return f"{column} = ?", request.query[name]
    return "source != ?", "repeat"


async def received(request: web.Request) -> Doc:
    """?msgid= how many copies of a mass send each customer has: the outside view of loss."""
    msgid = request.query.get("msgid", "")
    rows = request.app[BOX].store.db.execute(
        "SELECT customer, count(*) FROM messages WHERE source = 'mass' AND source_id = ?"
        " GROUP BY customer",
        (msgid,),
    )
    return {"received": dict(rows.fetchall())}


async def stats(request: web.Request) -> Doc:
    box = request.app[BOX]
    return {
        "world": world.counts(box),
        "calls": dict(box.limits.calls),
        "callbacks": {**box.callbacks.counts, "pending": box.callbacks.pending},
        "archive": {"last_seq": box.messages.last_seq, "key_versions": box.keys.versions},
        "people": request.app[PEOPLE].settings(),
        "mass": _mass_totals(box),
        "clock": {"now": box.clock.now(), "offset": box.clock.offset},
    }


def _mass_totals(box: Sandbox) -> Doc:
    totals = {"not_sent": 0, "sent": 0, "not_friend": 0, "over_cap": 0}
    for share in box.shares.values():
        tally = mass_send.tally(share)
        for name in totals:
            totals[name] += tally[name]
    return totals


async def callbacks(request: web.Request) -> Doc:
    """?limit= newest first; ?event= filters."""
    rows: Docs = request.app[BOX].callbacks.recent(number(request, "limit", 100))
    event = request.query.get("event")
    return {"callbacks": [row for row in rows if event in (None, row["event"])]}


async def members(request: web.Request) -> Doc:
    """?q= part of a name or id. With the number of waiting mass sends, busiest first."""
    box, asked = request.app[BOX], request.query.get("q", "").lower()
    waiting = _waiting(box)
    rows = [
        {
            "userid": row["userid"], "name": row["name"], "position": row.get("position", ""),
            "customers": box.relations.count_of(row["userid"]),
            "waiting": waiting.get(row["userid"], 0),
        }
        for row in box.members.values()
        if asked in row["userid"].lower() or asked in row["name"].lower()
    ]  # fmt: skip
    rows.sort(key=lambda row: (-row["waiting"], -row["customers"]))
    return {"members": rows[: number(request, "limit", 50)], "total": len(rows)}


def _waiting(box: Sandbox) -> dict[str, int]:
    counts: dict[str, int] = {}
    for share in box.shares.values():
        if share["status"] == 0 and not box.tasks.rows[share["msgid"]]["cancelled"]:
            counts[share["userid"]] = counts.get(share["userid"], 0) + 1
    return counts


async def customers(request: web.Request) -> Doc:
    """?q= part of a name or id, ?userid= only this member's."""
    box, asked = request.app[BOX], request.query.get("q", "").lower()
    userid = request.query.get("userid", "")
    keys = box.relations.customers_of(userid) if userid else list(box.contacts.rows)
    found = []
    for key in keys:
        row = box.contacts.rows[key]
        if asked in key.lower() or asked in row["name"].lower():
            found.append({"external_userid": key, "name": row["name"], "type": row["type"]})
    return {"customers": found[: number(request, "limit", 50)], "total": len(found)}
