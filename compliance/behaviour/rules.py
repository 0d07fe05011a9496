"""The behaviour rules, each with its words and thresholds as the page shows them, and their run."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.urls import reverse

from compliance.behaviour import conduct, customers
from compliance.models import Alert
from compliance.raising import Cause, alerts_raise
from scrm.accounts.notices import heads_of, notice_send
from scrm.core.limits import number

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rule:
    code: str
    name: str
    severity: str
    find: Callable[[], Iterable[Cause]]
    # The threshold in words.
    when: Callable[[], str]
    # Reads whole windows of the archive, hence less often.
    slow: bool = False


RULES: tuple[Rule, ...] = (
    Rule(
        "customer_deleted", "员工删除客户", "S2 / S3", customers.deleted_customers,
        lambda: f"员工删除好友即预警；客户资产达到 {number('BEHAVIOUR_DELETED_AUM_FROM'):,} 元"
        "或有未结工单为 S3，并建议转交对象",
    ),
    Rule(
        "late_reply", "回复超时", "S1", customers.late_replies,
        lambda: f"客户消息 {number('BEHAVIOUR_REPLY_HOURS')} 小时没有回复（"
        f"{number('UNANSWERED_MINUTES')} 分钟时先成为客户经理的待办）",
        slow=True,
    ),
    Rule(
        "complaint", "客户投诉", "S2", customers.complaints,
        lambda: "客户说出词库里的投诉用语；全部复核，不抽样，确认后按投诉时限立案",
    ),
    Rule(
        "mass_views", "大量查看客户", "S2", conduct.mass_views,
        lambda: f"一小时内查看客户资料达到 {number('BEHAVIOUR_VIEWS_PER_HOUR')} 次",
    ),
    Rule(
        "mass_unmasking", "大量查看敏感信息", "S3", conduct.mass_unmasking,
        lambda: f"一小时内查看敏感信息达到 {number('UNMASK_PER_HOUR')} 次；到达后停止查看",
    ),
    Rule(
        "mass_export", "多次导出", "S3", conduct.mass_export,
        lambda: f"一小时内导出达到 {number('BEHAVIOUR_EXPORTS_PER_HOUR')} 次",
    ),
    Rule(
        "red_packet", "红包", "S2", conduct.red_packets,
        lambda: "存档会话中出现红包，无论谁发出；每个会话每天一条",
    ),
    Rule(
        "card_sent", "发送名片", "S1", conduct.cards,
        lambda: "员工向客户发送名片；每个会话每天一条",
    ),
    Rule(
        "off_hours", "非工作时间集中发送", "S1", conduct.off_hours_bursts,
        lambda: f"{number('BEHAVIOUR_NIGHT_FROM')} 时到次日 {number('BEHAVIOUR_NIGHT_UNTIL')} 时"
        f"之间，一小时内发出达到 {number('BEHAVIOUR_NIGHT_MESSAGES')} 条",
        slow=True,
    ),
)  # fmt: skip
NAMES = {rule.code: rule.name for rule in RULES}


def run(*, slow: bool = False) -> int:
    """Runs the quick or the slow rules; one that fails stops no other. Returns new alerts."""
    count = 0
    for rule in RULES:
        if rule.slow != slow:
            continue
        try:
            count += _apply(rule)
        except Exception:
            logger.exception("behaviour rule %s", rule.code)
    return count


@transaction.atomic
def _apply(rule: Rule) -> int:
    causes = {cause.condition: cause for cause in rule.find()}
    count = alerts_raise(list(causes.values()))
    for alert in _proposals(list(causes.values())):
        notice_send(
            to=heads_of(alert.branch),
            text=f"{alert.user.name}删除了一位重要客户的好友，请尽快安排转交。",
            url=reverse("contacts:customer", args=[alert.customer_id]),
            key=f"transfer:{alert.pk}",
        )
    return count


def _proposals(causes: list[Cause]) -> Iterable[Alert]:
    """Deletions that call for another manager to take over; a notice is sent once for each."""
    grave = [c.condition for c in causes if c.category == "customer_deleted" and c.severity >= 3]
    rows = Alert.objects.filter(condition__in=grave, customer__isnull=False)
    return rows.select_related("user", "branch")
