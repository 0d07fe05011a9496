"""The only place that moves ledger rows. Bulk moves skip rows that may not move, and say how many."""

import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from campaigns.models import Delivery

State = Delivery.State

# Why somebody was not sent to, in words for the page; checks of the gate come with their detail.
REASONS = {
    "holdout": "对照组，不发送",
    "no_friend": "没有企业微信好友关系",
    "content": "内容未获放行",
    "friend": "已不是好友",
    "consent": "没有授权或已撤回",
    "suitability": "适当性不匹配",
    "cap": "触达次数已达上限",
    "lexicon": "文字命中词库",
    "cancelled": "活动已取消",
    "withdrawn": "内容已撤回",
    "audience": "不在内容批准的受众内",
    "opt_out": "客户已退订",
    "containment": "客户经理被管控",
    "detector": "词库检查未完成",
    "dropped": "发送前复核未通过",
    "refused": "企业微信拒绝该客户",
    "not_friend": "送达时已不是好友",
    "receipt_cap": "客户本期接收企业群发已达上限",
    "provider": "企业微信拒绝任务",
    "expired": "客户经理未在活动期内确认",
}
_STAMPS = {
    State.HANDED_OVER: "handed_over_at",
    State.CONFIRMED: "confirmed_at",
    State.DELIVERED: "delivered_at",
}


def _sources(target: str) -> list[str]:
    return [state for state, targets in Delivery.MOVES.items() if target in targets]


def move(
    rows: "QuerySet[Delivery]",
    target: str,
    *,
    reason: str = "",
    at: datetime.datetime | None = None,
    **fields: Any,
) -> int:
    """Moves all rows that may go to `target`; returns how many moved.

    Rows are locked in key order first: two writers that meet in a batch wait, they do not deadlock.
    """
    now = timezone.now()
    changes: dict[str, Any] = {"state": target, "reason": reason, "changed_at": now, **fields}
    if target in _STAMPS:
        changes[_STAMPS[State(target)]] = at or now
    with transaction.atomic():
        movable = rows.filter(state__in=_sources(target)).order_by("pk")
        pks = list(movable.select_for_update(of=("self",)).values_list("pk", flat=True))
        return Delivery.objects.filter(pk__in=pks).update(**changes)
