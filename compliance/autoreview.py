"""Auto-review: approved rules close light alerts, and a recorded share of them goes to a person."""

import datetime
import hashlib
import re
import secrets
from collections.abc import Callable

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from compliance import alerts, registry, review, workflow
from compliance.archive.log.append import append_decision
from compliance.models import Alert, AutoReviewRule, Decision
from compliance.names import category_name
from scrm.accounts.models import Branch, User
from scrm.audit.services import record
from scrm.core.actors import SYSTEM
from scrm.core.errors import BusinessError, FourEyes
from scrm.core.limits import number
from scrm.core.states import move, moves

State = AutoReviewRule.State
MOVES = moves(proposed="active retired", active="retired")
CONTENT_KIND = "content_version"
_BACK = datetime.timedelta(hours=24)
_AT_ONCE = 500
_SCALE = 10_000


@transaction.atomic
def autorule_propose(*, values: dict[str, object], actor: User) -> AutoReviewRule:
    """values: name, category, max_severity, phrase, rule_code, content_id, branch, why."""
    rule = AutoReviewRule(proposed_by=actor, **values)
    if rule.max_severity > workflow.ALONE_UP_TO:
        raise BusinessError("自动规则只能处理 S0–S1。", code="severity")
    if not (rule.category or rule.phrase or rule.rule_code or rule.content_id):
        raise BusinessError("请至少填写一个条件：类别、规则、消息包含的短语或已审批素材。")
    if not rule.why.strip():
        raise BusinessError("请写明为什么这类预警不需要人工处理。")
    if rule.content_id and not review.approved_digest(CONTENT_KIND, rule.content_id):
        raise BusinessError("这个编号的素材没有通过审批，不能作为条件。")
    if rule.branch and not rule.branch.path.startswith(actor.branch.path):
        raise BusinessError("只能为自己机构及下级设置规则。")
    rule.branch = rule.branch or _own(actor)
    rule.save()
    record("autorule.propose", actor=actor, obj=rule, after={"条件": sentence(rule)})
    return rule


def _own(actor: User) -> Branch | None:
    """Head office may leave the branch open; anybody else speaks for their own branch."""
    return actor.branch if actor.branch.parent_id else None


def _locked(rule: AutoReviewRule, actor: User) -> AutoReviewRule:
    row = AutoReviewRule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
    at_head = actor.branch.parent_id is None
    if not at_head and not (row.branch and row.branch.path.startswith(actor.branch.path)):
        raise BusinessError("这是上级机构的规则，请由上级机构的合规人员处理。", code="scope")
    return row


@transaction.atomic
def autorule_approve(*, rule: AutoReviewRule, actor: User) -> AutoReviewRule:
    """By another person than the one who proposed it; from then on its draws have a seed."""
    rule = _locked(rule, actor)
    if rule.proposed_by_id == actor.pk:
        raise FourEyes("不能批准自己提出的自动规则。", code="four_eyes")
    move(rule, MOVES, State.ACTIVE)
    rule.approved_by, rule.approved_at, rule.seed = actor, timezone.now(), secrets.token_hex(8)
    rule.save()
    record("autorule.approve", actor=actor, obj=rule, after={"种子": rule.seed})
    return rule


@transaction.atomic
def autorule_retire(*, rule: AutoReviewRule, reason: str, actor: User) -> AutoReviewRule:
    if not reason.strip():
        raise BusinessError("请写明停用理由。")
    rule = _locked(rule, actor)
    move(rule, MOVES, State.RETIRED)
    rule.retired_at = timezone.now()
    rule.save()
    record("autorule.retire", actor=actor, obj=rule, reason=reason.strip())
    return rule


def sentence(rule: AutoReviewRule) -> str:
    """The rule's conditions as one Chinese sentence."""
    parts = [f"级别不高于 S{rule.max_severity}"]
    if rule.category:
        parts.append(f"类别是「{category_name(rule.category)}」")
    if rule.rule_code:
        parts.append(f"由规则 {rule.rule_code} 命中")
    if rule.phrase:
        parts.append(f"消息包含「{rule.phrase}」")
    if rule.content_id:
        parts.append(f"全文与已审批素材 {rule.content_id} 一致")
    if rule.branch:
        parts.append(f"员工属于{rule.branch}及下级")
    return "，".join(parts) + "时自动排除"


def run() -> int:
    """Applies the approved rules to alerts of the last day that nobody has taken up yet."""
    rules = AutoReviewRule.objects.filter(state=State.ACTIVE).select_related("branch")
    return sum(_apply(rule) for rule in rules.order_by("pk"))


def candidates(rule: AutoReviewRule) -> QuerySet[Alert]:
    """What the database can tell; the words are compared one by one."""
    rows = Alert.objects.filter(
        state=workflow.NEW,
        severity__lte=min(rule.max_severity, workflow.ALONE_UP_TO),
        auto_rule=None,
        reopened=0,
        raised_at__gte=timezone.now() - _BACK,
    )
    if rule.category:
        rows = rows.filter(category=rule.category)
    if rule.rule_code:
        rows = rows.filter(rule_id=rule.rule_code)
    if rule.branch:
        rows = rows.filter(branch__path__startswith=rule.branch.path)
    return rows.select_related("message", "scan").order_by("pk")


def _apply(rule: AutoReviewRule) -> int:
    fits = _words(rule)
    # All of them, a page at a time: a cut would let the ones that do not fit hide those that do.
    rows = candidates(rule).iterator(chunk_size=_AT_ONCE)
    return sum(_settle(rule, alert.pk) for alert in rows if fits(alert))


def _words(rule: AutoReviewRule) -> Callable[[Alert], bool]:
    content = _content_pattern(rule.content_id) if rule.content_id else None

    def fits(alert: Alert) -> bool:
        text = alert.text
        if rule.phrase and rule.phrase not in text:
            return False
        return content is None or bool(content.fullmatch(text.strip()))

    return fits


def _content_pattern(content_id: int) -> re.Pattern[str]:
    """The approved text with its variables open; matches nothing when the approval is void."""
    entry = registry.reviewable(CONTENT_KIND)
    frozen = entry.freeze(entry.load(content_id))
    if frozen.digest != review.approved_digest(CONTENT_KIND, content_id):
        return re.compile(r"(?!)")
    parts = re.split(r"\{[^{}]*\}", frozen.text.strip())
    return re.compile(r"[^\n]{0,80}".join(map(re.escape, parts)))


def drawn(seed: str, alert_id: int) -> bool:
    """Whether this closing goes to a person; the same seed and key always answer the same."""
    return draw_value(seed, alert_id) < number("AUTO_REVIEW_SAMPLE_PERCENT") * _SCALE // 100


def draw_value(seed: str, alert_id: int) -> int:
    """0–9999, even."""
    digest = hashlib.sha256(f"{seed}:{alert_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % _SCALE


@transaction.atomic
def _settle(rule: AutoReviewRule, pk: int) -> bool:
    rows = Alert.objects.select_for_update(skip_locked=True, of=("self",))
    alert = rows.filter(pk=pk, state=workflow.NEW, auto_rule=None).first()
    if alert is None:
        return False
    alert.auto_rule, alert.auto_sampled = rule, drawn(rule.seed, pk)
    if alert.auto_sampled:
        alert.save(update_fields=["auto_rule", "auto_sampled"])
    else:
        _close(alert, rule)
    _note(alert, rule)
    return not alert.auto_sampled


def _close(alert: Alert, rule: AutoReviewRule) -> None:
    alert.decided_at, alert.reason = timezone.now(), f"自动规则「{rule.name}」：{rule.why}"[:500]
    alerts.take(alert, workflow.settle_by_rule(alerts.situation(alert)))


def _note(alert: Alert, rule: AutoReviewRule) -> None:
    draw = {
        "rule": rule.pk,
        "seed": rule.seed,
        "value": draw_value(rule.seed, alert.pk),
        "percent": number("AUTO_REVIEW_SAMPLE_PERCENT"),
        "to_person": alert.auto_sampled,
    }
    row = Decision.objects.create(
        **alerts.policy_of(alert),
        alert=alert,
        step=Decision.Step.RULE,
        decision="" if alert.auto_sampled else workflow.DISMISS,
        reason=rule.why,
        severity=alert.severity,
        text_hash=alert.text_hash,
        draw=draw,
    )
    append_decision(row)
    if not alert.auto_sampled:
        record("alert.dismiss", actor=SYSTEM, obj=alert, after={"规则": rule.name, **draw})
