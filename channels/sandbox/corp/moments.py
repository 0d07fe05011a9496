"""Moments of the corp: made by a job, published member by member.

job:    {jobid, created, moment_id, sender, tags, bad_users, bad_departments, bad_tags, body}
moment: {moment_id, create_time, create_type, text, image/video/link, publishers:{userid: time|0},
         visible:{userid:[external]}, tags, cancelled, comments:[…], likes:[…]}
"""

from __future__ import annotations

from channels.sandbox.core import Sandbox
from channels.sandbox.errors import ControlError
from channels.sandbox.types import Doc, Docs


def find(box: Sandbox, moment_id: object) -> Doc:
    row = box.table("moments").get(str(moment_id))
    if row is None:
        raise ControlError("没有这个 moment_id。")
    return row


def audience(box: Sandbox, moment: Doc, userid: str) -> list[str]:
    """The member's customers that carry one of the chosen tags; all of them without tags."""
    wanted = set(moment["tags"])
    found = []
    for external in box.relations.customers_of(userid):
        follow = box.relations.follow(userid, external)
        if follow and not follow.get("half") and (not wanted or wanted & set(follow["tag_id"])):
            found.append(external)
    return found


def publish(box: Sandbox, fields: Doc) -> Doc:
    """The member taps "publish". {moment_id, userid}"""
    moment = find(box, fields.get("moment_id"))
    userid = box.member(fields.get("userid"))["userid"]
    if userid not in moment["publishers"]:
        raise ControlError("这条朋友圈不等待该成员发表。")
    if moment["cancelled"]:
        raise ControlError("这条朋友圈已取消。")
    if not moment["publishers"][userid]:
        moment["publishers"][userid] = box.clock.seconds()
        # Who has left in the meantime does not see it.
        moment["visible"][userid] = [
            external
            for external in audience(box, moment, userid)
            if not (box.relations.follow(userid, external) or {}).get("deleted_by_customer")
        ]
        box.table("moments").save(moment["moment_id"])
    return {"visible_to": len(moment["visible"][userid])}


def publish_all(box: Sandbox, fields: Doc) -> Doc:
    moment = find(box, fields.get("moment_id"))
    for userid in moment["publishers"]:
        publish(box, {"moment_id": moment["moment_id"], "userid": userid})
    return {"published": len(moment["publishers"])}


def react(box: Sandbox, fields: Doc) -> Doc:
    """A customer likes or comments. {moment_id, userid, external_userid, kind: like|comment}"""
    moment = find(box, fields.get("moment_id"))
    userid, external = str(fields.get("userid")), str(fields.get("external_userid"))
    if external not in moment["visible"].get(userid, ()):
        raise ControlError("这位客户看不到该朋友圈。")
    row = {"external_userid": external, "create_time": box.clock.seconds(), "userid": userid}
    moment["likes" if fields.get("kind") == "like" else "comments"].append(row)
    box.table("moments").save(moment["moment_id"])
    return {}


def reactions(moment: Doc, kind: str, userid: str) -> Docs:
    return [
        {"external_userid": row["external_userid"], "create_time": row["create_time"]}
        for row in moment[kind]
        if row["userid"] == userid
    ]
