"""Customers changing hands: a promise for tomorrow that the customer may refuse.

transfer: {key, handover, takeover, external_userid, kind: "onjob"|"resigned", status, started,
           takeover_time, message}; status 1 done, 2 waiting, 3 refused, 4 takeover full
"""

from __future__ import annotations

from channels.sandbox.core import Sandbox
from channels.sandbox.corp import delivery
from channels.sandbox.errors import ControlError
from channels.sandbox.types import Doc

DONE, WAITING, REFUSED, FULL, NO_RECORD = 1, 2, 3, 4, 5
_COUNTED_SECONDS = 90 * 86_400


def key_of(handover: str, takeover: str, external: str) -> str:
    return f"{handover.lower()}|{takeover.lower()}|{external}"


def start(box: Sandbox, kind: str, handover: str, takeover: str, external: str, text: str) -> int:
    """0, or the errcode of this one customer."""
    follow = box.relations.follow(handover, external)
    if external not in box.contacts:
        return 40096
    if follow is None:
        return 40131
    if any(row["status"] == WAITING for row in _of_customer(box, external)):
        return 40129
    counted = _recent(box, external)
    if kind == "onjob" and len(counted) >= box.settings["transfer_limit"]:
        return 40128
    now = box.clock.now()
    row: Doc = {
        "handover": handover, "takeover": takeover, "external_userid": external, "kind": kind,
        "status": WAITING, "started": now, "takeover_time": 0, "message": text,
    }  # fmt: skip
    box.table("transfers").put(key_of(handover, takeover, external), row)
    if kind == "onjob":
        box.table("transfer_counts").put(external, {"times": [*counted, now]})
    return 0


def _of_customer(box: Sandbox, external: str) -> list[Doc]:
    rows = box.table("transfers").values()
    return [row for row in rows if row["external_userid"] == external]


def _recent(box: Sandbox, external: str) -> list[float]:
    row = box.table("transfer_counts").get(external) or {"times": []}
    return [at for at in row["times"] if at > box.clock.now() - _COUNTED_SECONDS]


def finish_due(box: Sandbox) -> None:
    """Waiting transfers complete by themselves after a day."""
    limit = box.clock.now() - box.settings["transfer_seconds"]
    for key, row in list(box.table("transfers").rows.items()):
        if row["status"] == WAITING and row["started"] <= limit:
            _finish(box, key, row)


def _finish(box: Sandbox, key: str, row: Doc) -> None:
    handover, takeover, external = row["handover"], row["takeover"], row["external_userid"]
    follow = box.relations.remove(handover, external)
    if follow is not None:
        moved = {**follow, "userid": takeover, "add_way": 202, "oper_userid": takeover}
        moved["createtime"] = moved["last_contact"] = box.clock.seconds()
        box.relations.add(external, moved)
    row |= {"status": DONE, "takeover_time": box.clock.seconds()}
    box.table("transfers").save(key)
    who = {"ExternalUserID": external}
    box.emit(
        "change_external_contact", "del_external_contact", UserID=handover, **who,
        Source="DELETE_BY_TRANSFER",
    )  # fmt: skip
    box.emit("change_external_contact", "add_external_contact", UserID=takeover, **who)
    if row["message"]:
        parts = [("text", {"content": row["message"]})]
        chat = delivery.Chat(takeover, external)
        delivery.send(box, chat, takeover, parts, ("transfer", key))


def refuse(box: Sandbox, fields: Doc) -> Doc:
    """The customer refuses. {external_userid, reason?: customer_refused|customer_limit_exceed}"""
    reason = fields.get("reason") or "customer_refused"
    for key, row in box.table("transfers").rows.items():
        if row["external_userid"] == fields.get("external_userid") and row["status"] == WAITING:
            row["status"] = REFUSED if reason == "customer_refused" else FULL
            box.table("transfers").save(key)
            box.emit(
                "change_external_contact", "transfer_fail", UserID=row["takeover"],
                ExternalUserID=row["external_userid"], FailReason=reason,
            )  # fmt: skip
            return {"handover": row["handover"], "takeover": row["takeover"]}
    raise ControlError("这位客户没有等待中的转接。")


def resign(box: Sandbox, fields: Doc) -> Doc:
    """A member leaves the bank: no longer visible, its customers wait for somebody."""
    member = box.member(fields.get("userid"))
    userid = member["userid"]
    box.members.drop(userid.lower())
    row = {**member, "resigned_at": box.clock.seconds()}
    box.table("resigned").put(userid.lower(), row)
    for chat in box.table("groups").values():
        if chat["owner"] == userid:
            chat["status"] = 1
            box.table("groups").save(chat["chat_id"])
    box.emit("change_contact", "delete_user", UserID=userid)
    return {"customers": box.relations.count_of(userid)}
