"""What the client does with intercept rules: block, or warn. No event tells the bank."""

from __future__ import annotations

from channels.sandbox.core import Sandbox
from channels.sandbox.types import Doc

BLOCK = 1


def hit(box: Sandbox, userid: str, text: str) -> Doc | None:
    """{rule_id, rule_name, word, blocked} of the strictest rule that this member's text meets."""
    found = None
    for rule in box.table("intercept_rules").values():
        if rule.get("deleted") or not _applies(box, rule, userid):
            continue
        word = next((word for word in rule["word_list"] if word in text), None)
        if word is None:
            continue
        row = {
            "rule_id": rule["rule_id"], "rule_name": rule["rule_name"], "word": word,
            "blocked": rule["intercept_type"] == BLOCK,
        }  # fmt: skip
        if row["blocked"]:
            return row
        found = row
    return found


def _applies(box: Sandbox, rule: Doc, userid: str) -> bool:
    chosen = rule["applicable_range"]
    if userid.lower() in {user.lower() for user in chosen["user_list"]}:
        return True
    member = box.members.get(userid.lower()) or {"department": []}
    return bool(set(member["department"]) & _with_children(box, chosen["department_list"]))


def _with_children(box: Sandbox, parties: list[int]) -> set[int]:
    """The chosen departments and all below them."""
    wanted = set(parties)
    grew = True
    while grew:
        below = {r["id"] for r in box.departments.values() if r["parentid"] in wanted} - wanted
        wanted |= below
        grew = bool(below)
    return wanted
