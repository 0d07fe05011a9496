"""Group welcome templates (contract section 3.6)."""

from __future__ import annotations

from channels.sandbox import ids, params
from channels.sandbox.corp import content
from channels.sandbox.errors import WeComError
from channels.sandbox.registry import Call, api
from channels.sandbox.types import Doc

_MOST = 100
_KINDS = ("image", "link", "miniprogram", "file", "video")


def _checked(call: Call, longest: int) -> Doc:
    body = call.body
    text = (body.get("text") or {}).get("content", "")
    params.bytes_at_most(text, "text.content", longest)
    found = {kind: body[kind] for kind in _KINDS if body.get(kind)}
    if not text and not found:
        raise WeComError(40063)
    for kind, payload in list(found.items())[:1]:
        content.check_attachment(call.box, {"msgtype": kind, kind: payload})
    return {"text": {"content": text}, **dict(list(found.items())[:1])}


def _template(call: Call) -> Doc:
    row = call.box.table("group_welcomes").get(params.need_text(call.body, "template_id"))
    if row is None:
        raise WeComError(41058)
    return row


@api("externalcontact/group_welcome_template/add")
def add(call: Call) -> Doc:
    table = call.box.table("group_welcomes")
    if len(table) >= _MOST:
        raise WeComError(41055)
    template_id = ids.fresh("msgw", 28)
    row = {"template_id": template_id, "notify": call.body.get("notify", 1), **_checked(call, 3000)}
    table.put(template_id, row)
    return {"template_id": template_id}


@api("externalcontact/group_welcome_template/edit")
def edit(call: Call) -> Doc:
    row = _template(call)
    kept = params.only(row, "template_id", "notify")
    call.box.table("group_welcomes").put(row["template_id"], {**kept, **_checked(call, 4000)})
    return {}


@api("externalcontact/group_welcome_template/get")
def get(call: Call) -> Doc:
    shown = {key: value for key, value in _template(call).items() if key != "template_id"}
    if shown.get("image", {}).get("media_id"):
        url = f"{call.box.config.public_url}/sandbox/media/{shown['image']['media_id']}"
        shown["image"] = {"pic_url": url}
    return shown


@api("externalcontact/group_welcome_template/del")
def delete(call: Call) -> Doc:
    call.box.table("group_welcomes").drop(_template(call)["template_id"])
    return {}
