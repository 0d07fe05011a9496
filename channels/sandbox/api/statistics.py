"""Daily figures (contract section 3.11), counted from what really happened in the sandbox."""

from __future__ import annotations

from collections import Counter, defaultdict

from channels.sandbox import params
from channels.sandbox.core import Sandbox
from channels.sandbox.errors import WeComError
from channels.sandbox.registry import Call, api
from channels.sandbox.state.clock import day_start
from channels.sandbox.types import Doc

_DAY = 86_400
_MOST_DAYS, _OLDEST_DAYS = 30, 180


def _days(call: Call, first: str, last: str) -> list[int]:
    """Start of each day, China time."""
    start = day_start(params.integer(call.body, first))
    end = day_start(params.integer(call.body, last) or params.integer(call.body, first))
    oldest = call.box.clock.now() - _OLDEST_DAYS * _DAY
    if not start or end < start or end - start > _MOST_DAYS * _DAY or start < oldest - _DAY:
        raise WeComError(40058, "time range")
    return list(range(start, end + 1, _DAY))


@api("externalcontact/get_user_behavior_data")
def get_user_behavior_data(call: Call) -> Doc:
    """Several people are added up per day."""
    box = call.box
    userids = params.text_list(call.body, "userid", 100)
    parties = call.body.get("partyid") or []
    if not userids and not parties:
        raise WeComError(40063)
    people = {box.member(userid)["userid"] for userid in userids}
    people |= {
        row["userid"] for row in box.visible_members() if set(parties) & set(row["department"])
    }
    rows = [_behaviour(box, people, day) for day in _days(call, "start_time", "end_time")]
    return {"behavior_data": rows}


def _behaviour(box: Sandbox, people: set[str], day: int) -> Doc:
    chats: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    sent = 0
    rows = box.store.db.execute(
        "SELECT member, customer, sender = member, count(*) FROM messages WHERE msgtime >= ?"
        " AND msgtime < ? AND customer != '' AND source = 'chat' GROUP BY 1, 2, 3",
        (day * 1000, (day + _DAY) * 1000),
    )
    for member, customer, mine, count in rows:
        if member in people:
            chats[member, customer]["sent" if mine else "got"] += count
            sent += count if mine else 0
    asked = [counts for counts in chats.values() if counts["got"]]
    new = _new_contacts(box, people, day)
    row: Doc = {
        "stat_time": day, "chat_cnt": len(chats), "message_cnt": sent,
        "negative_feedback_cnt": _lost(box, people), "new_apply_cnt": new, "new_contact_cnt": new,
    }  # fmt: skip
    if asked:
        answered = sum(1 for counts in asked if counts["sent"])
        row |= {"reply_percentage": round(100 * answered / len(asked), 2), "avg_reply_time": 1}
    return row


def _new_contacts(box: Sandbox, people: set[str], day: int) -> int:
    return sum(
        day <= follow["createtime"] < day + _DAY
        for userid in people
        for external in box.relations.customers_of(userid)
        if (follow := box.relations.follow(userid, external))
    )


def _lost(box: Sandbox, people: set[str]) -> int:
    return sum(
        bool((box.relations.follow(userid, external) or {}).get("deleted_by_customer"))
        for userid in people
        for external in box.relations.customers_of(userid)
    )


def _group_data(box: Sandbox, owner: str, day: int) -> Doc:
    chats = [row for row in box.table("groups").values() if row["owner"].lower() == owner.lower()]
    members = [person for chat in chats for person in chat["members"]]
    speakers = box.store.db.execute(
        "SELECT room, sender, count(*) FROM messages WHERE room != '' AND msgtime >= ?"
        " AND msgtime < ? GROUP BY 1, 2",
        (day * 1000, (day + _DAY) * 1000),
    ).fetchall()
    own = {chat["chat_id"] for chat in chats}
    spoken = [(room, sender, count) for room, sender, count in speakers if room in own]
    return {
        "new_chat_cnt": sum(day <= chat["create_time"] < day + _DAY for chat in chats),
        "chat_total": len(chats), "chat_has_msg": len({room for room, _, _ in spoken}),
        "new_member_cnt": sum(day <= person["join_time"] < day + _DAY for person in members),
        "member_total": len(members), "member_has_msg": len({row[:2] for row in spoken}),
        "msg_total": sum(count for _, _, count in spoken), "migrate_trainee_chat_cnt": 0,
    }  # fmt: skip


def _owners(call: Call) -> list[str]:
    given = params.need(call.body, "owner_filter")
    params.need(given, "userid_list")
    return [call.box.member(u)["userid"] for u in params.text_list(given, "userid_list", 100)]


@api("externalcontact/groupchat/statistic")
def groupchat_statistic(call: Call) -> Doc:
    days = _days(call, "day_begin_time", "day_end_time")
    items = [
        {"owner": owner, "data": _sum([_group_data(call.box, owner, day) for day in days])}
        for owner in _owners(call)
    ]
    size, start = params.limit(call.body, 500, 1000), params.integer(call.body, "offset")
    shown = items[start : start + size]
    return {"total": len(items), "next_offset": start + len(shown), "items": shown}


@api("externalcontact/groupchat/statistic_group_by_day")
def groupchat_statistic_by_day(call: Call) -> Doc:
    owners = _owners(call)
    items = []
    for day in _days(call, "day_begin_time", "day_end_time"):
        rows = [_group_data(call.box, owner, day) for owner in owners]
        total = {name: sum(row[name] for row in rows) for name in rows[0]}
        items.append({"stat_time": day, "data": total})
    return {"items": items}


def _sum(rows: list[Doc]) -> Doc:
    """Flows add up over days, stocks are those of the last day."""
    stocks = ("chat_total", "member_total")
    return {
        name: rows[-1][name] if name in stocks else sum(row[name] for row in rows)
        for name in rows[0]
    }
