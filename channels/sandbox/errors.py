"""Refusals in WeCom's own shape: HTTP 200, an `errcode`, and a text nobody should match on."""

from __future__ import annotations

import secrets
from typing import Final

TEXTS: Final[dict[int, str]] = {
    -1: "system busy",
    40001: "invalid credential, access_token is invalid or not latest",
    40003: "invalid userid",
    40004: "invalid media type",
    40005: "invalid file type",
    40006: "invalid media size",
    40007: "invalid media_id",
    40008: "invalid message type",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40029: "invalid code",
    40031: "invalid userid list",
    40033: "invalid charset",
    40056: "invalid agentid",
    40058: "invalid request parameter",
    40063: "some parameters are empty",
    40066: "invalid party",
    40068: "invalid tag id",
    40071: "tag name already exists",
    40096: "invalid external userid",
    40097: "handover user not resigned",
    40100: "customer already in transfer",
    40126: "tag count exceed limit",
    40128: "customer transfer exceed limit",
    40129: "customer is transferring",
    40130: "handover and takeover are the same user",
    40131: "customer is not followed by handover user",
    41001: "access_token missing",
    41002: "corpid missing",
    41004: "secret missing",
    41006: "media_id missing",
    41037: "contact way type missing",
    41038: "contact way scene missing",
    41039: "invalid contact way type",
    41040: "invalid contact way scene",
    41042: "invalid contact way style",
    41043: "config_id missing",
    41044: "invalid config_id",
    41046: "msgid missing",
    41047: "invalid msgid",
    41048: "no customer to send to",
    41049: "welcome code missing",
    41050: "invalid welcome code",
    41051: "conversation has started or welcome message was sent",
    41053: "customer has not agreed to archiving",
    41055: "group welcome template exceed limit",
    41058: "template is not created by this app",
    41059: "moment id missing",
    41060: "invalid moment id",
    41061: "moment is not published by this user",
    41062: "moment is not published by this user yet",
    41063: "mass message is being dispatched",
    41064: "too many attachments",
    41065: "invalid attachment type",
    41067: "moment attachment types conflict",
    41068: "invalid word list",
    41069: "too many intercept rules",
    41070: "invalid rule id",
    41071: "rule deleted",
    41072: "media is not from upload_attachment",
    41073: "invalid product description",
    41074: "product deleted",
    41075: "invalid product id",
    41076: "invalid applicable range",
    41077: "rule name already exists",
    41083: "invalid word",
    41084: "invalid semantics",
    41085: "invalid product sn",
    41086: "invalid product price",
    41088: "product attachments missing",
    41089: "moment content missing",
    41091: "too many groups in the join way",
    41093: "mass message task is cancelled",
    41094: "remind too often",
    41095: "link count exceed limit",
    41096: "a welcome message is being sent",
    42001: "access_token expired",
    42003: "code expired",
    43004: "require subscribe",
    44001: "empty media data",
    44004: "text content is empty",
    45001: "media size out of limit",
    45002: "content size out of limit",
    45008: "too many articles",
    45009: "api freq out of limit",
    45033: "api concurrent out of limit",
    45034: "url without scheme",
    46004: "user not exist",
    48002: "api forbidden",
    50001: "redirect_uri domain is not trusted",
    50003: "app disabled",
    60003: "department not found",
    60011: "no privilege to access the user, department or tag",
    60020: "not allow to access from your ip",
    60111: "user not found",
    60123: "invalid department id",
    60136: "record not found",
    81011: "no permission to the tag",
    81013: "all receivers are invalid",
    81017: "owner filter required",
    82001: "touser, toparty and totag are all empty",
    84014: "user_ticket expired",
    84015: "invalid user_ticket",
    84061: "not external contact",
    84074: "no external contact permission",
    86003: "invalid chat id",
    86214: "invalid chat type",
    90207: "invalid mini program appid",
    90500: "group owner has not resigned",
    90501: "not a customer group",
    90502: "group owner has resigned",
    90504: "group owner unchanged",
    97610: "remind count out of limit",
    97611: "mass message cannot be cancelled",
    97612: "moment cannot be cancelled",
    301002: "agentid does not belong to the token",
    301053: "archive not opened",
    301058: "response too large",
    301059: "not an internal group",
    301060: "too many entries",
}


class WeComError(Exception):
    """Raised by a handler; the dispatcher turns it into the answer."""

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


class ControlError(Exception):
    """A control API request that cannot be served; the text is shown to the tester."""


def describe(code: int, detail: str = "") -> str:
    """A text that differs between calls, as WeCom's does, so that nobody parses it."""
    text = TEXTS.get(code, "request refused")
    hint = f"{text}: {detail}" if detail else text
    return f"{hint}, hint: [{secrets.token_hex(6)}], more info at devtool/query?e={code}"
