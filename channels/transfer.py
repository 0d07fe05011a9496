"""Handing a customer to a colleague at WeCom, for the apps above. Every call may raise ProviderError.

Started is not done: the customer has a day to refuse, and the outcome is read later.
"""

from channels.providers.base import ProviderError
from channels.providers.wecom.api import wecom
from channels.providers.wecom.api.transfer import FULL, REFUSED, TAKEN, WAITING

__all__ = [
    "FULL",
    "REFUSED",
    "TAKEN",
    "WAITING",
    "ProviderError",
    "transfer_start",
    "transfer_status",
]

REASONS = {
    40096: "企业微信里没有这位客户",
    40128: "这位客户 90 天内已转交过两次",
    40129: "这位客户正在被转交",
    40131: "客户已不是原客户经理的好友",
}


def transfer_start(giver: str, taker: str, external_userid: str) -> str:
    """Asks WeCom to move the customer; empty when started, else why not, in Chinese."""
    code = wecom().transfer.in_service(giver, taker, [external_userid])[external_userid]
    return "" if code == 0 else REASONS.get(code, f"企业微信拒绝（错误码 {code}）")


def transfer_status(giver: str, taker: str, external_userid: str) -> int | None:
    """TAKEN, WAITING, REFUSED, FULL or another number of WeCom; None: it knows of no such move."""
    for row in wecom().transfer.in_service_results(giver, taker):
        if row["external_userid"] == external_userid:
            return int(row["status"])
    return None
