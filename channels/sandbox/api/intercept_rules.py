"""Intercept rules (contract section 3.13). They act in the client; see `people.chat`."""

from __future__ import annotations

from typing import Any

from channels.sandbox import ids, params
from channels.sandbox.core import Sandbox
from channels.sandbox.errors import WeComError
from channels.sandbox.registry import Call, api
from channels.sandbox.types import Doc

_MOST_RULES, _MOST_WORDS, _WORD_LENGTH = 100, 300, 32


def _name(box: Sandbox, value: Any, own_id: str = "") -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 20:
        raise WeComError(40058, "rule_name")
    for row in box.table("intercept_rules").values():
        if row["rule_name"] == value and row["rule_id"] != own_id and not row.get("deleted"):
            raise WeComError(41077)
    return value


def _words(value: Any) -> list[str]:
    if not isinstance(value, list) or not 0 < len(value) <= _MOST_WORDS:
        raise WeComError(41068)
    if any(not isinstance(word, str) or not 0 < len(word) <= _WORD_LENGTH for word in value):
        raise WeComError(41083)
    return value


def _semantics(value: Any) -> list[int]:
    if not isinstance(value, list) or any(item not in (1, 2, 3) for item in value):
        raise WeComError(41084)
    return value


def _range(box: Sandbox, value: Any) -> Doc:
    if not isinstance(value, dict):
        raise WeComError(41076)
    users = params.text_list(value, "user_list", 1000, code=41076)
    parties = value.get("department_list") or []
    if any(user.lower() not in box.members for user in users):
        raise WeComError(41076)
    if any(str(party) not in box.departments for party in parties):
        raise WeComError(41076)
    return {"user_list": users, "department_list": parties}


@api("externalcontact/add_intercept_rule")
def add(call: Call) -> Doc:
    box, body = call.box, call.body
    table = box.table("intercept_rules")
    if sum(not row.get("deleted") for row in table.values()) >= _MOST_RULES:
        raise WeComError(41069)
    applicable = _range(box, params.need(body, "applicable_range", 41076))
    if not applicable["user_list"] and not applicable["department_list"]:
        raise WeComError(41076)
    rule_id = ids.fresh("rule", 24)
    # The semantics list is at the top here, but under extra_rule in get and update.
    row: Doc = {
        "rule_id": rule_id, "rule_name": _name(box, body.get("rule_name")),
        "word_list": _words(body.get("word_list")),
        "extra_rule": {"semantics_list": _semantics(body.get("semantics_list") or [])},
        "intercept_type": params.choice(body, "intercept_type", (1, 2), 0),
        "applicable_range": applicable, "create_time": box.clock.seconds(),
    }  # fmt: skip
    table.put(rule_id, row)
    return {"rule_id": rule_id}


@api("externalcontact/get_intercept_rule_list", "GET", "POST")
def get_list(call: Call) -> Doc:
    rows = [row for row in call.box.table("intercept_rules").values() if not row.get("deleted")]
    return {"rule_list": [params.only(row, "rule_id", "rule_name", "create_time") for row in rows]}


def _rule(call: Call) -> Doc:
    row = call.box.table("intercept_rules").get(params.need_text(call.body, "rule_id"))
    if row is None:
        raise WeComError(41070)
    if row.get("deleted"):
        raise WeComError(41071)
    return row


@api("externalcontact/get_intercept_rule")
def get(call: Call) -> Doc:
    names = (
        "rule_id", "rule_name", "word_list", "extra_rule", "intercept_type", "applicable_range",
    )  # fmt: skip
    return {"rule": params.only(_rule(call), *names)}


@api("externalcontact/update_intercept_rule")
def update(call: Call) -> Doc:
    box, body, row = call.box, call.body, _rule(call)
    changes: Doc = {}
    if "rule_name" in body:
        changes["rule_name"] = _name(box, body["rule_name"], row["rule_id"])
    if "word_list" in body:
        changes["word_list"] = _words(body["word_list"])
    if "extra_rule" in body:
        semantics = _semantics((body["extra_rule"] or {}).get("semantics_list") or [])
        changes["extra_rule"] = {"semantics_list": semantics}
    if "intercept_type" in body:
        changes["intercept_type"] = params.choice(body, "intercept_type", (1, 2), 0)
    changes["applicable_range"] = _new_range(box, body, row["applicable_range"])
    row.update(changes)
    box.table("intercept_rules").save(row["rule_id"])
    return {}


def _new_range(box: Sandbox, body: Doc, present: Doc) -> Doc:
    more = _range(box, body.get("add_applicable_range") or {})
    less = body.get("remove_applicable_range") or {}
    return {
        name: [
            item
            for item in dict.fromkeys([*present[name], *more[name]])
            if item not in (less.get(name) or [])
        ]
        for name in ("user_list", "department_list")
    }


@api("externalcontact/del_intercept_rule")
def delete(call: Call) -> Doc:
    row = _rule(call)
    row["deleted"] = True
    call.box.table("intercept_rules").save(row["rule_id"])
    return {}
