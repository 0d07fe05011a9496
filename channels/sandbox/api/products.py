"""The product album (contract section 3.12)."""

from __future__ import annotations

import re
from typing import Any

from channels.sandbox import ids, params
from channels.sandbox.core import Sandbox
from channels.sandbox.corp import content
from channels.sandbox.errors import WeComError
from channels.sandbox.registry import Call, api
from channels.sandbox.types import Doc

_MOST_FEN = 5_000_000
_NUMBER = re.compile(r"[A-Za-z0-9]{0,128}")
_BASE = "externalcontact"


def _description(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 300:
        raise WeComError(41073)
    return value


def _price(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value <= _MOST_FEN:
        raise WeComError(41086)
    return value


def _number(value: Any) -> str:
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise WeComError(41085)
    return value


def _pictures(box: Sandbox, rows: Any) -> list[Any]:
    if not isinstance(rows, list) or not 0 < len(rows) <= 9:
        raise WeComError(41088)
    for row in rows:
        content.check_media(box, params.need(row, "image").get("media_id"), "attachment")
    return rows


def _fields(box: Sandbox, body: Doc) -> Doc:
    """The given fields, checked."""
    found: Doc = {}
    if "description" in body:
        found["description"] = _description(body["description"])
    if "price" in body:
        found["price"] = _price(body["price"])
    if "product_sn" in body:
        found["product_sn"] = _number(body["product_sn"])
    if "attachments" in body:
        found["attachments"] = _pictures(box, body["attachments"])
    return found


@api(f"{_BASE}/add_product_album")
def add(call: Call) -> Doc:
    body = {"description": None, "price": None, "attachments": None, **call.body}
    product_id = ids.fresh("", 32)
    row = {
        "product_id": product_id, "product_sn": "", "create_time": call.box.clock.seconds(),
        **_fields(call.box, body),
    }  # fmt: skip
    call.box.table("products").put(product_id, row)
    return {"product_id": product_id}


def _product(call: Call) -> Doc:
    row = call.box.table("products").get(params.need_text(call.body, "product_id"))
    if row is None:
        raise WeComError(41075)
    if row.get("deleted"):
        raise WeComError(41074)
    return row


@api(f"{_BASE}/get_product_album")
def get(call: Call) -> Doc:
    return {"product": _product(call)}


@api(f"{_BASE}/get_product_album_list")
def get_list(call: Call) -> Doc:
    rows = [row for row in call.box.table("products").values() if not row.get("deleted")]
    size = params.limit(call.body, 50, 100)
    found, cursor = params.page(rows, call.body, size, call.box.settings["short_pages"])
    return {"product_list": found, "next_cursor": cursor}


@api(f"{_BASE}/update_product_album")
def update(call: Call) -> Doc:
    row = _product(call)
    row.update(_fields(call.box, call.body))
    call.box.table("products").save(row["product_id"])
    return {}


@api(f"{_BASE}/delete_product_album")
def delete(call: Call) -> Doc:
    row = _product(call)
    row["deleted"] = True
    call.box.table("products").save(row["product_id"])
    return {}
