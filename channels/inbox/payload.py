"""An event's payload as it may be shown: what is not known to be harmless is hidden."""

from collections.abc import Iterator
from typing import Any

from scrm.core import masking

# Facts about the event itself, in WeCom's words.
_PLAIN = frozenset(
    (
        *("ToUserName", "AgentID", "AgentId", "CreateTime", "MsgType", "Event", "ChangeType"),
        *("State", "Source", "FailReason", "UpdateDetail", "JoinScene", "QuitScene"),
        *("MemChangeCnt", "Id", "TagId", "TagType", "StrategyId", "LinkId", "ExpireTime"),
        *("ExpireQuotaNum", "CardType", "EventKey", "QuestionKey", "OpitonId", "JobId", "JobType"),
        *("ErrCode", "ErrMsg", "Status", "Department", "MainDepartment", "ParentId", "Order"),
        *("IsLeaderInDept", "NotifyScene"),
    )
)
# Who and which: enough of it to compare two rows, not enough to use it.
_IDS = frozenset(
    (
        *("FromUserName", "UserID", "NewUserID", "ExternalUserID", "ChatId", "Item"),
        *("DirectLeader", "LastMemVer", "CurMemVer", "TaskId", "MsgId", "NotifyId"),
        *("AddUserItems", "DelUserItems", "AddPartyItems", "DelPartyItems"),
    )
)
HIDDEN = "已隐藏"
_LONGEST = 80


def masked(body: dict[str, Any]) -> list[tuple[str, str]]:
    """(element, what may be shown of it) in the order of the event; nested elements as "A/B"."""
    return list(_walk(body, ""))


def _walk(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _walk(inner, f"{path}/{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, path)
    else:
        yield path, _shown(path.rpartition("/")[2], str(value or ""))


def _shown(name: str, value: str) -> str:
    if not value:
        return "—"
    if name in _IDS:
        return _shortened(value)
    if name in _PLAIN:
        return masking.text(value[:_LONGEST])
    return HIDDEN


def _shortened(value: str) -> str:
    kept = 4 if len(value) > 12 else 1
    return f"{value[:kept]}…{value[-kept:]}" if len(value) > 2 else "…"
