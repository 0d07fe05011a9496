"""Mass-send tasks: created by the app (or by a member), sent only when a member confirms.

task:  {msgid, create_type 0 corp / 1 personal, creator?, chat_type, create_time, dispatch_at,
        text, attachments, fail_list, cancelled, reminders:[time], allow_select}
share: {msgid, userid, status 0/2, send_time, rows:[[target, status, send_time]],
        counts: rows by status}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from channels.sandbox import ids
from channels.sandbox.core import Sandbox
from channels.sandbox.corp import content, delivery
from channels.sandbox.corp.receipts import ReceiptBook
from channels.sandbox.errors import WeComError
from channels.sandbox.state.messages import Message
from channels.sandbox.types import Doc, Docs

NOT_SENT, SENT, NOT_FRIEND, OVER_CAP = 0, 1, 2, 3


def share_key(msgid: str, userid: str) -> str:
    return f"{msgid}|{userid.lower()}"


def create(box: Sandbox, body: Doc, plan: dict[str, list[str]], failed: list[str]) -> Doc:
    """Store a task. `plan` maps each sending member to the targets that it gets."""
    msgid = ids.fresh("msg", 32)
    now = box.clock.seconds()
    task: Doc = {
        "msgid": msgid, "create_type": 0, "chat_type": body.get("chat_type") or "single",
        "create_time": now, "dispatch_at": now + box.settings["dispatch_seconds"],
        "text": body["text"], "attachments": body["attachments"], "fail_list": failed,
        "cancelled": False, "reminders": [], "allow_select": bool(body.get("allow_select")),
        "members": list(plan),
    }  # fmt: skip
    box.tasks.put(msgid, task)
    for userid, targets in plan.items():
        share: Doc = {
            "msgid": msgid, "userid": userid, "status": 0, "send_time": 0,
            "rows": [[target, NOT_SENT, 0] for target in targets],
            "counts": [len(targets), 0, 0, 0],
        }  # fmt: skip
        box.shares.put(share_key(msgid, userid), share)
    for observer in box.task_observers:
        observer(task)
    return task


def shares_of(box: Sandbox, task: Doc) -> Docs:
    return [box.shares.rows[share_key(task["msgid"], userid)] for userid in task["members"]]


def pending_of(box: Sandbox, userid: str) -> Iterable[tuple[Doc, Doc]]:
    """(task, share) pairs that wait for this member's tap, oldest first."""
    for task in box.tasks.values():
        share = box.shares.get(share_key(task["msgid"], userid))
        if share and share["status"] == 0 and not task["cancelled"]:
            yield task, share


def confirm(box: Sandbox, msgid: str, userid: str, only: set[str] | None = None) -> Doc:
    """The member taps "send". `only` works when the task allows re-selecting."""
    task = box.tasks.get(msgid)
    share = box.shares.get(share_key(msgid, userid))
    if task is None or share is None:
        raise WeComError(41047)
    if task["cancelled"]:
        raise WeComError(41093)
    if share["status"]:
        return {"already_sent": True, **tally(share)}
    chosen = only if task["allow_select"] else None
    _dispatch(box, task, share, chosen)
    # A tap proves that the task has reached the phone.
    task["dispatch_at"] = min(task["dispatch_at"], box.clock.seconds())
    box.tasks.save(msgid)
    return tally(share)


def _dispatch(box: Sandbox, task: Doc, share: Doc, chosen: set[str] | None) -> None:
    now, book = box.clock.seconds(), ReceiptBook(box)
    parts = content.as_parts(box, task)
    messages: list[Message] = []
    for row in share["rows"]:
        if chosen is not None and row[0] not in chosen:
            continue
        row[1:] = [_outcome(box, task, share["userid"], row[0], book), now]
        if row[1] == SENT:
            messages += _messages(box, task, share["userid"], row[0], parts)
    share["status"], share["send_time"] = 2, now
    counts = Counter(row[1] for row in share["rows"])
    share["counts"] = [counts[status] for status in (NOT_SENT, SENT, NOT_FRIEND, OVER_CAP)]
    box.shares.save(share_key(task["msgid"], share["userid"]))
    box.record(messages)


def _outcome(box: Sandbox, task: Doc, userid: str, target: str, book: ReceiptBook) -> int:
    if task["chat_type"] == "group":
        return SENT if book.take(target) else OVER_CAP
    follow = box.relations.follow(userid, target)
    if follow is None or follow.get("deleted_by_customer") or follow.get("half"):
        return NOT_FRIEND
    return SENT if book.take(target) else OVER_CAP


def _messages(
    box: Sandbox, task: Doc, userid: str, target: str, parts: list[content.Part]
) -> list[Message]:
    origin = ("mass", task["msgid"])
    if task["chat_type"] != "group":
        box.relations.touch(userid, target, box.clock.seconds())
        return delivery.compose(box, delivery.Chat(userid, target), userid, parts, origin)
    members = (box.table("groups").get(target) or {"members": []})["members"]
    others = tuple(row["userid"] for row in members if row["userid"] != userid)
    chat = delivery.Chat(userid, room=target, others=others)
    return delivery.compose(box, chat, userid, parts, origin)


def tally(share: Doc) -> Doc:
    names = ("not_sent", "sent", "not_friend", "over_cap")
    counts = dict(zip(names, share["counts"], strict=True))
    return {"userid": share["userid"], "msgid": share["msgid"], **counts}
