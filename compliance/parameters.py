"""监督参数: which numbers head office may change, within what bounds, and the four eyes on it."""

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from compliance.models import ParameterChange
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core import limits
from scrm.core.errors import BusinessError, FourEyes
from scrm.core.states import move, moves

State = ParameterChange.State
MOVES = moves(open="approved rejected")


@dataclass(frozen=True, slots=True)
class Parameter:
    key: str
    name: str
    unit: str
    least: int
    most: int
    # What it does, as a person who decides about it wants to read it.
    what: str

    @property
    def bounds(self) -> str:
        return f"{self.least:,}–{self.most:,}"


PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        "BEHAVIOUR_DELETED_AUM_FROM", "重要客户资产下限", "元", 1, 100_000_000,
        "员工删除资产达到这个数的客户时为 S3，并建议转交",
    ),
    Parameter("BEHAVIOUR_REPLY_HOURS", "回复超时", "小时", 1, 168, "客户消息多久没有回复产生预警"),
    Parameter(
        "UNANSWERED_MINUTES", "未回复待办", "分钟", 1, 1440, "客户消息多久没有回复成为客户经理的待办"
    ),
    Parameter(
        "BEHAVIOUR_VIEWS_PER_HOUR", "大量查看客户", "次/小时", 5, 5000, "一小时内查看客户资料的次数"
    ),
    Parameter(
        "UNMASK_PER_HOUR", "查看敏感信息", "次/小时", 1, 500, "一小时内查看的次数，到达后停止查看并预警"
    ),
    Parameter("BEHAVIOUR_EXPORTS_PER_HOUR", "多次导出", "次/小时", 1, 200, "一小时内导出的次数"),
    Parameter("BEHAVIOUR_NIGHT_FROM", "非工作时间开始", "时", 17, 23, "每天从几时起算非工作时间"),
    Parameter("BEHAVIOUR_NIGHT_UNTIL", "非工作时间结束", "时", 1, 10, "到次日几时为止"),
    Parameter(
        "BEHAVIOUR_NIGHT_MESSAGES", "非工作时间发送", "条/小时", 1, 1000, "一小时内发给客户的消息条数"
    ),
    Parameter(
        "AUTO_REVIEW_SAMPLE_PERCENT", "自动审核抽回比例", "%", 5, 100, "自动排除的预警抽回人工检查的比例"
    ),
    Parameter("SAMPLING_PERCENT", "抽检比例", "%", 1, 100, "新建抽检计划时预填的比例"),
    Parameter(
        "SAMPLING_MINIMUM", "抽检每层至少", "条", 0, 50, "新建抽检计划时每位员工每层预填的最少条数"
    ),
)  # fmt: skip
BY_KEY = {parameter.key: parameter for parameter in PARAMETERS}


@limits.source
def in_force(key: str) -> int | None:
    """The newest approved value; None where nobody ever changed it."""
    rows = ParameterChange.objects.filter(key=key, state=State.APPROVED)
    return rows.order_by("-id").values_list("value", flat=True).first()


@transaction.atomic
def parameter_propose(*, key: str, value: int, why: str, actor: User) -> ParameterChange:
    """A change that waits for a second person of head office; one at a time for each number."""
    parameter = BY_KEY.get(key)
    if parameter is None:
        raise BusinessError("没有这个参数，请刷新页面。")
    if not parameter.least <= value <= parameter.most:
        raise BusinessError(
            f"{parameter.name}要在 {parameter.least} 到 {parameter.most} {parameter.unit}之间。"
        )
    if not why.strip():
        raise BusinessError("请写明为什么要调整。")
    former = limits.number(key)
    if value == former:
        raise BusinessError("新值与现在的值相同。")
    row = ParameterChange(
        key=key, value=value, former=former, why=why.strip()[:300], proposed_by=actor
    )
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise BusinessError("这个参数已有一项调整等待批准。") from None
    record("parameter.propose", actor=actor, obj=row, after=_told(row.key, value), reason=row.why)
    return row


@transaction.atomic
def parameter_decide(*, change: ParameterChange, approve: bool, actor: User) -> ParameterChange:
    """Approved by another person it is in force at once; whoever proposed it may take it back."""
    row = ParameterChange.objects.select_for_update().get(pk=change.pk)
    if approve and row.proposed_by_id == actor.pk:
        raise FourEyes("不能批准自己提出的调整，请由另一位总行人员批准。", code="four_eyes")
    move(row, MOVES, State.APPROVED if approve else State.REJECTED)
    row.decided_by, row.decided_at = actor, timezone.now()
    row.save()
    action = "parameter.approve" if approve else "parameter.reject"
    record(
        action,
        actor=actor,
        obj=row,
        before=_told(row.key, row.former),
        after=_told(row.key, row.value),
    )
    return row


def _told(key: str, value: int) -> dict[str, int]:
    return {BY_KEY[key].name: value}
