"""The message archive: the vendor's HTTP endpoints and the sandbox's stand-in for its C library."""

from __future__ import annotations

import base64
import re

from channels.sandbox import params
from channels.sandbox.core import Sandbox
from channels.sandbox.corp import delivery
from channels.sandbox.errors import WeComError
from channels.sandbox.registry import Call, api
from channels.sandbox.types import Doc

CHUNK = 512 * 1024
_MOST_RECORDS = 1000
_RANGE = re.compile(r"Range:bytes=(\d+)-(\d+)")


@api("msgaudit/get_permit_user_list", app="archive")
def get_permit_user_list(call: Call) -> Doc:
    refused = call.box.settings["unpermitted_members"]
    return {
        "ids": [row["userid"] for row in call.box.members.values() if row["userid"] not in refused]
    }


@api("msgaudit/check_single_agree", app="archive")
def check_single_agree(call: Call) -> Doc:
    asked = params.need(call.body, "info")
    if len(asked) > 100:
        raise WeComError(301060)
    return {"agreeinfo": [_agree_row(call.box, item) for item in asked]}


def _agree_row(box: Sandbox, item: Doc) -> Doc:
    # The misspelt key is the vendor's.
    userid = params.need_text(item, "userid")
    external = params.need_text(item, "exteranalopenid")
    row = delivery.agree_status(box, box.member(userid)["userid"], external)
    return {"userid": userid, "exteranalopenid": external, **row}


@api("msgaudit/check_room_agree", app="archive")
def check_room_agree(call: Call) -> Doc:
    chat = call.box.table("groups").get(params.need_text(call.body, "roomid"))
    if chat is None:
        raise WeComError(86003)
    rows = [
        {"exteranalopenid": member["userid"], **params.only(
            delivery.agree_status(call.box, chat["owner"], member["userid"]),
            "agree_status", "status_change_time",
        )}
        for member in chat["members"]
        if member["type"] == 2
    ]  # fmt: skip
    return {"agreeinfo": rows}


@api("msgaudit/groupchat/get", app="archive")
def groupchat_get(call: Call) -> Doc:
    """Internal groups only; the sandbox has none, so this always refuses."""
    params.need_text(call.body, "roomid")
    raise WeComError(301059)


@api("msgaudit/get_robot_info", "GET", app="archive")
def get_robot_info(call: Call) -> Doc:
    robot_id = params.need_text(call.query, "robot_id")
    return {"data": {"robot_id": robot_id, "name": "sandbox", "creator_userid": ""}}


@api("sandbox/msgaudit/getchatdata", app="archive")
def getchatdata(call: Call) -> Doc:
    """The GetChatData slice: records with a seq greater than `seq`, of the last days only."""
    box = call.box
    seq = params.integer(call.body, "seq")
    size = params.limit(call.body, 100, _MOST_RECORDS)
    if not box.settings["archive_opened"] or not box.keys.current():
        raise WeComError(301053, "no public key" if box.settings["archive_opened"] else "")
    oldest = box.clock.millis() - int(box.settings["retention_days"]) * 86_400_000
    return {"chatdata": [_sealed(box, row) for row in box.messages.since(seq, size, oldest)]}


def _sealed(box: Sandbox, row: Doc) -> Doc:
    """Sealed at the first pull and kept: a second pull returns the same bytes."""
    if row["cipher"] is None:
        # Recorded before any key was known: the first key that came later is used.
        version = row["key_version"] or box.keys.versions[0]
        random_key, cipher = box.keys.seal(version, row["plain"])
        row |= {"random_key": random_key, "cipher": cipher, "key_version": version}
        box.messages.seal(row["seq"], version, random_key, cipher)
    return {
        "seq": row["seq"], "msgid": row["msgid"], "publickey_ver": row["key_version"],
        "encrypt_random_key": row["random_key"], "encrypt_chat_msg": row["cipher"],
    }  # fmt: skip


@api("sandbox/msgaudit/getmediadata", app="archive")
def getmediadata(call: Call) -> Doc:
    """One chunk of a file. An unknown sdkfileid is the library's code 10005."""
    file_id = params.need_text(call.body, "sdkfileid")
    row = call.box.media.get(file_id.removeprefix("sdk"))
    if row is None or not file_id.startswith("sdk"):
        raise WeComError(10005, "invalid sdkfileid")
    start = _start(params.text(call.body, "indexbuf"))
    data = call.box.media.read(row["media_id"])
    end = min(start + CHUNK, len(data))
    finished = end >= len(data)
    following = "" if finished else f"Range:bytes={end}-{min(end + CHUNK, len(data)) - 1}"
    return {
        "data": base64.b64encode(data[start:end]).decode(),
        "outindexbuf": following,
        "is_finish": int(finished),
    }


def _start(indexbuf: str) -> int:
    if not indexbuf:
        return 0
    found = _RANGE.fullmatch(indexbuf)
    if found is None:
        raise WeComError(10000, "invalid indexbuf")
    return int(found[1])
