"""Moments (contract section 3.9): a job, then a tap of each member."""

from __future__ import annotations

from typing import Any

from channels.sandbox import ids, params
from channels.sandbox.api.org import department_tree
from channels.sandbox.core import Sandbox
from channels.sandbox.corp import content, moments
from channels.sandbox.corp.tags import tag_index
from channels.sandbox.errors import WeComError
from channels.sandbox.registry import Call, api
from channels.sandbox.types import Doc

_JOB_LIFE = 86_400
_MOST_DAYS = 30 * 86_400


def _attachments(box: Sandbox, body: Doc) -> Doc:
    """Up to nine images, or one video, or one link."""
    rows = body.get("attachments") or []
    kinds = {row.get("msgtype") for row in rows}
    if len(kinds) > 1 or kinds - {"image", "video", "link"}:
        raise WeComError(41067)
    if len(rows) > (9 if kinds == {"image"} else 1):
        raise WeComError(41064)
    for row in rows:
        payload = params.need(row, row["msgtype"])
        if row["msgtype"] == "link":
            params.bytes_at_most(params.need_text(payload, "title"), "title", 64)
            params.need_text(payload, "url")
        if payload.get("media_id") or row["msgtype"] != "link":
            content.check_media(box, payload.get("media_id"), "attachment")
    return _shaped(rows)


def _shaped(rows: list[Any]) -> Doc:
    if not rows:
        return {}
    kind = rows[0]["msgtype"]
    return {kind: [row["image"] for row in rows]} if kind == "image" else {kind: rows[0][kind]}


@api("externalcontact/add_moment_task")
def add_moment_task(call: Call) -> Doc:
    box, body = call.box, call.body
    text = params.text(body.get("text") or {}, "content", 2000)
    media = _attachments(box, body)
    if not text and not media:
        raise WeComError(41089)
    scope = body.get("visible_range") or {}
    senders, bad_users, bad_parties = _senders(box, scope.get("sender_list") or {})
    tags = params.text_list(scope.get("external_contact_list") or {}, "tag_list")
    index = tag_index(box)
    job: Doc = {
        "jobid": ids.fresh("job", 40), "created": box.clock.now(),
        "moment_id": ids.fresh("mom", 28), "senders": senders,
        "tags": [tag for tag in tags if index.get(tag)],
        "bad_tags": [tag for tag in tags if not index.get(tag)],
        "bad_users": bad_users, "bad_parties": bad_parties,
        "content": {"text": {"content": text}, **media},
    }  # fmt: skip
    box.table("moment_jobs").put(job["jobid"], job)
    return {"jobid": job["jobid"]}


def _senders(box: Sandbox, chosen: Doc) -> tuple[list[str], list[str], list[int]]:
    """Nobody chosen = everybody visible."""
    users = params.text_list(chosen, "user_list", 100_000)
    parties = chosen.get("department_list") or []
    if not users and not parties:
        return [row["userid"] for row in box.visible_members()], [], []
    found = {
        box.members.rows[user.lower()]["userid"]: None
        for user in users
        if user.lower() in box.members
    }
    bad_users = [user for user in users if user.lower() not in box.members]
    bad_parties = [party for party in parties if str(party) not in box.departments]
    for party in parties:
        if party not in bad_parties:
            below = {row["id"] for row in department_tree(box, int(party))}
            hits = (row for row in box.members.values() if below & set(row["department"]))
            found |= dict.fromkeys(row["userid"] for row in hits)
    return list(found), bad_users, bad_parties


@api("externalcontact/get_moment_task_result", "GET", "POST")
def get_moment_task_result(call: Call) -> Doc:
    given = {**call.body, **call.query}
    job = call.box.table("moment_jobs").get(params.need_text(given, "jobid"))
    age = call.box.clock.now() - job["created"] if job else 0
    if job is None or age > _JOB_LIFE:
        raise WeComError(40058, "jobid")
    total = call.box.settings["moment_job_seconds"]
    status = 3 if age >= total else 2 if age >= total / 2 else 1
    answer: Doc = {"status": status, "type": "add_moment_task"}
    if status == 3:
        answer["result"] = _job_result(call.box, job)
    return answer


def _job_result(box: Sandbox, job: Doc) -> Doc:
    result: Doc = {
        "errcode": 0 if job["senders"] else 60111, "errmsg": "ok",
        "moment_id": job["moment_id"] if job["senders"] else "",
        "invalid_sender_list": {
            "user_list": job["bad_users"], "department_list": job["bad_parties"],
        },
        "invalid_external_contact_list": {"tag_list": job["bad_tags"]},
    }  # fmt: skip
    if job["senders"] and job["moment_id"] not in box.table("moments"):
        _create(box, job)
    return result


def _create(box: Sandbox, job: Doc) -> None:
    moment: Doc = {
        "moment_id": job["moment_id"], "create_time": int(job["created"]), "create_type": 0,
        "visible_type": 0 if job["tags"] else 1, **job["content"],
        "publishers": dict.fromkeys(job["senders"], 0), "visible": {}, "tags": job["tags"],
        "cancelled": False, "comments": [], "likes": [],
    }  # fmt: skip
    box.table("moments").put(moment["moment_id"], moment)


def finish_jobs(box: Sandbox) -> None:
    """Moments exist when their job is done, also if nobody asks for the result."""
    limit = box.clock.now() - box.settings["moment_job_seconds"]
    for job in box.table("moment_jobs").values():
        done = job["moment_id"] in box.table("moments")
        if job["senders"] and not done and job["created"] <= limit:
            _create(box, job)


def _moment(call: Call) -> Doc:
    moment = call.box.table("moments").get(params.need_text(call.body, "moment_id", 41059))
    if moment is None:
        raise WeComError(41060)
    return moment


@api("externalcontact/cancel_moment_task")
def cancel_moment_task(call: Call) -> Doc:
    moment = _moment(call)
    if all(moment["publishers"].values()):
        raise WeComError(97612)
    moment["cancelled"] = True
    call.box.table("moments").save(moment["moment_id"])
    return {}


@api("externalcontact/get_moment_list")
def get_moment_list(call: Call) -> Doc:
    start, end = params.integer(call.body, "start_time"), params.integer(call.body, "end_time")
    if not start or not end or end - start > _MOST_DAYS:
        raise WeComError(40058, "start_time and end_time must be at most 30 days apart")
    kind = params.choice(call.body, "filter_type", (0, 1, 2), 2)
    names = (
        "moment_id", "creator", "create_time", "create_type", "visible_type", "text", "image",
        "video", "link", "location",
    )  # fmt: skip
    rows = [
        params.only(row, *names)
        for row in call.box.table("moments").values()
        if start <= row["create_time"] <= end and kind in (2, row["create_type"])
    ]
    size = params.limit(call.body, 20, 20)
    found, cursor = params.page(rows, call.body, size, call.box.settings["short_pages"])
    return {"moment_list": found, "next_cursor": cursor}


@api("externalcontact/get_moment_task")
def get_moment_task(call: Call) -> Doc:
    publishers = _moment(call)["publishers"]
    rows = [{"userid": user, "publish_status": int(bool(at))} for user, at in publishers.items()]
    size = params.limit(call.body, 500, 1000)
    found, cursor = params.page(rows, call.body, size, call.box.settings["short_pages"])
    return {"task_list": found, "next_cursor": cursor}


def _publisher(call: Call, published: bool) -> tuple[Doc, str]:
    moment = _moment(call)
    userid = call.box.member(params.need_text(call.body, "userid"))["userid"]
    if userid not in moment["publishers"]:
        raise WeComError(41061)
    if published and not moment["publishers"][userid]:
        raise WeComError(41062)
    return moment, userid


@api("externalcontact/get_moment_customer_list")
def get_moment_customer_list(call: Call) -> Doc:
    moment, userid = _publisher(call, published=False)
    rows = [
        {"userid": userid, "external_userid": external}
        for external in moments.audience(call.box, moment, userid)
    ]
    size = params.limit(call.body, 500, 1000)
    found, cursor = params.page(rows, call.body, size, call.box.settings["short_pages"])
    return {"customer_list": found, "next_cursor": cursor}


@api("externalcontact/get_moment_send_result")
def get_moment_send_result(call: Call) -> Doc:
    moment, userid = _publisher(call, published=True)
    rows = [{"external_userid": external} for external in moment["visible"][userid]]
    size = params.limit(call.body, 3000, 5000)
    found, cursor = params.page(rows, call.body, size, call.box.settings["short_pages"])
    return {"customer_list": found, "next_cursor": cursor}


@api("externalcontact/get_moment_comments")
def get_moment_comments(call: Call) -> Doc:
    moment, userid = _publisher(call, published=True)
    return {
        "comment_list": moments.reactions(moment, "comments", userid),
        "like_list": moments.reactions(moment, "likes", userid),
    }
