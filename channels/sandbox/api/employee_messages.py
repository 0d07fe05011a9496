"""Messages to employees (contract section 4)."""

from __future__ import annotations

import hashlib
from typing import Any

from channels.sandbox import ids, params
from channels.sandbox.api.org import department_tree
from channels.sandbox.core import Sandbox
from channels.sandbox.corp import content
from channels.sandbox.errors import WeComError
from channels.sandbox.registry import Call, api
from channels.sandbox.state.clock import day_start
from channels.sandbox.state.store import dump
from channels.sandbox.types import Doc

_KEEP = 5000
_CARD_TYPES = (
    "text_notice", "news_notice", "button_interaction", "vote_interaction",
    "multiple_interaction",
)  # fmt: skip
_CARD_LIFE = 72 * 3600


def _check_text(box: Sandbox, body: Doc) -> None:
    params.need_text(body, "content", 44004)
    params.bytes_at_most(body["content"], "content", 2048, 45002)


def _check_markdown(box: Sandbox, body: Doc) -> None:
    _check_text(box, body)


def _check_textcard(box: Sandbox, body: Doc) -> None:
    for name, longest in (("title", 128), ("description", 512)):
        params.bytes_at_most(params.need_text(body, name), name, longest)
    if "://" not in params.need_text(body, "url"):
        raise WeComError(45034)
    params.text(body, "btntxt", 4)


def _check_news(box: Sandbox, body: Doc) -> None:
    articles = params.need(body, "articles")
    if len(articles) > 8:
        raise WeComError(45008)
    for article in articles:
        params.bytes_at_most(params.need_text(article, "title"), "title", 128)
        params.bytes_at_most(params.text(article, "url"), "url", 2048)


def _check_file(box: Sandbox, body: Doc) -> None:
    content.check_media(box, params.need(body, "media_id"))


def _check_mini(box: Sandbox, body: Doc) -> None:
    params.need_text(body, "appid", 90207)
    params.need_text(body, "title")
    if len(body.get("content_item") or []) > 10:
        raise WeComError(40058, "content_item")


def _check_card(box: Sandbox, body: Doc) -> None:
    if body.get("card_type") not in _CARD_TYPES:
        raise WeComError(40058, "card_type")
    if body["card_type"].endswith("_interaction"):
        params.need_text(body, "task_id")


_CHECKS = {
    "text": _check_text,
    "markdown": _check_markdown,
    "textcard": _check_textcard,
    "news": _check_news,
    "mpnews": _check_news,
    "image": _check_file,
    "voice": _check_file,
    "video": _check_file,
    "file": _check_file,
    "miniprogram_notice": _check_mini,
    "template_card": _check_card,
}


@api("message/send")
def message_send(call: Call) -> Doc:
    box, body = call.box, call.body
    check_agent(box, params.need(body, "agentid", 40056))
    kind = body.get("msgtype")
    if kind not in _CHECKS:
        raise WeComError(40008)
    payload = params.need(body, kind)
    _CHECKS[kind](box, payload)
    receivers, bad_users, bad_parties = _receivers(box, body)
    if not receivers:
        raise WeComError(81013)
    answer: Doc = {
        "invaliduser": "|".join(bad_users), "invalidparty": "|".join(bad_parties),
        "invalidtag": "", "unlicenseduser": "",
    }  # fmt: skip
    if _is_duplicate(box, body):
        return {**answer, "msgid": ids.fresh("", 60)}
    return {**answer, **_store(box, kind, payload, receivers)}


def check_agent(box: Sandbox, agent_id: Any) -> None:
    if not isinstance(agent_id, int):
        raise WeComError(40056)
    if agent_id != box.config.agent_id:
        raise WeComError(301002)


def _receivers(box: Sandbox, body: Doc) -> tuple[list[str], list[str], list[str]]:
    """(userids, unknown users in lower case, unknown departments)"""
    users = _split(body.get("touser"), 1000)
    if users == ["@all"]:
        return [row["userid"] for row in box.visible_members()], [], []
    parties, tags = _split(body.get("toparty"), 100), _split(body.get("totag"), 100)
    if not users and not parties and not tags:
        raise WeComError(82001)
    visible = {row["userid"].lower(): row for row in box.visible_members()}
    found = dict.fromkeys(visible[u.lower()]["userid"] for u in users if u.lower() in visible)
    for party in parties:
        if party in box.departments:
            below = {row["id"] for row in department_tree(box, int(party))}
            hits = (row for row in visible.values() if below & set(row["department"]))
            found |= dict.fromkeys(row["userid"] for row in hits)
    bad_users = [user.lower() for user in users if user.lower() not in visible]
    return list(found), bad_users, [party for party in parties if party not in box.departments]


def _split(value: Any, most: int) -> list[str]:
    items = [item for item in str(value or "").split("|") if item]
    if len(items) > most:
        raise WeComError(82002 if most == 1000 else 82003)
    return items


def _is_duplicate(box: Sandbox, body: Doc) -> bool:
    if not body.get("enable_duplicate_check"):
        return False
    interval = min(params.integer(body, "duplicate_check_interval", 1800), 4 * 3600)
    key = hashlib.sha256(dump(body).encode()).hexdigest()[:32]
    seen = box.table("sent_hashes")
    row, now = seen.get(key), box.clock.now()
    if row and now - row["at"] < interval:
        return True
    seen.put(key, {"at": now})
    seen.prune(2000)
    return False


def _store(box: Sandbox, kind: str, payload: Doc, receivers: list[str]) -> Doc:
    msgid, now = ids.fresh("", 60), box.clock.seconds()
    row: Doc = {
        "msgid": msgid, "msgtype": kind, "body": payload, "to": receivers, "at": now,
        "recalled": False,
    }  # fmt: skip
    answer: Doc = {"msgid": msgid}
    if kind == "template_card" and _can_call_back(payload):
        row["response_code"] = answer["response_code"] = new_response_code(box, msgid)
    notices = box.table("notices")
    notices.put(msgid, row)
    notices.prune(_KEEP)
    return answer


def _can_call_back(card: Doc) -> bool:
    return bool(card["card_type"].endswith("_interaction") or card.get("action_menu"))


def new_response_code(box: Sandbox, msgid: str) -> str:
    code = ids.fresh("", 48)
    expires = box.clock.now() + _CARD_LIFE
    box.table("response_codes").put(code, {"msgid": msgid, "expires_at": expires, "used": False})
    return code


@api("message/recall")
def message_recall(call: Call) -> Doc:
    """Only in the last 24 hours."""
    row = call.box.table("notices").get(params.need_text(call.body, "msgid"))
    if row is None or row["at"] < call.box.clock.now() - 86_400:
        raise WeComError(40058)
    row["recalled"] = True
    call.box.table("notices").save(row["msgid"])
    return {}


@api("message/update_template_card")
def update_template_card(call: Call) -> Doc:
    box, body = call.box, call.body
    check_agent(box, params.need(body, "agentid", 40056))
    codes = box.table("response_codes")
    code = params.need_text(body, "response_code")
    row = codes.get(code)
    if row is None or row["used"] or box.clock.now() > row["expires_at"]:
        raise WeComError(40058, "response_code is used or expired")
    if not body.get("button") and not body.get("template_card"):
        raise WeComError(40063)
    row["used"] = True
    codes.save(code)
    notice = box.table("notices").get(row["msgid"])
    if notice is not None:
        notice["updated"] = params.only(body, "button", "template_card")
        box.table("notices").save(row["msgid"])
    asked = params.text_list(body, "userids", 1000)
    return {"invaliduser": [user for user in asked if user.lower() not in box.members]}


@api("message/get_statistics")
def get_statistics(call: Call) -> Doc:
    yesterday = params.choice(call.body, "time_type", (0, 1), 0)
    start = day_start(call.box.clock.now()) - 86_400 * yesterday
    rows = call.box.table("notices").values()
    count = sum(len(row["to"]) for row in rows if start <= row["at"] < start + 86_400)
    agent = call.box.config.agent_id
    return {"statistics": [{"agentid": agent, "app_name": "sandbox", "count": count}]}
