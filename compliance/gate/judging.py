"""Runs the checks in their order and keeps what each said of each person."""

from collections.abc import Mapping
from dataclasses import dataclass

from compliance.gate import checks
from compliance.gate.checks import Check, Stopped
from compliance.gate.proposal import Proposal
from compliance.lexicon import ScanFailed

# Order is the order of reasons: what concerns the content first, then the sender and the person,
# then the moment.
CHECKS: tuple[tuple[str, Check], ...] = (
    ("content", checks.content_approved),
    ("audience", checks.audience),
    ("containment", checks.sender_free),
    ("friend", checks.friend),
    ("consent", checks.consent),
    ("opt_out", checks.opt_out),
    ("suitability", checks.suitability),
    ("cap", checks.contact_cap),
    ("quiet", checks.quiet_hours),
    ("lexicon", checks.lexicon),
)
CHECK_NAMES = {
    "content": "内容审批",
    "audience": "内容受众",
    "containment": "员工管控",
    "friend": "好友关系",
    "consent": "授权",
    "opt_out": "退订",
    "suitability": "适当性",
    "cap": "触达上限",
    "quiet": "静默与节假日",
    "lexicon": "词库",
    "detector": "词库检查",
}
# What a passed check means, as the ledger's page says it.
PASSED = {
    "content": "内容已审批、在有效期内，与审批时一字不差。",
    "audience": "客户属于内容批准的受众。",
    "containment": "客户经理没有未了结的禁止级预警。",
    "friend": "客户仍是这位客户经理的企业微信好友。",
    "consent": "客户已授权通过企业微信接收这类信息。",
    "opt_out": "客户没有退订。",
    "suitability": "产品风险等级不高于客户的有效测评等级，或内容不含产品。",
    "cap": "客户近期收到的营销信息没有达到上限。",
    "quiet": "当时不是静默时段，也不是节假日。",
    "lexicon": "全文经词库检查，没有需要拦截的内容。",
}
# These pass with time: the person stays planned and is tried again later.
PASSING = frozenset({"quiet", "containment", "detector"})
_UNJUDGED = "词库检查没有完成，消息暂扣，系统会自动重试"
# (check, passed, detail); detail is empty when it passed.
Line = tuple[str, bool, str]


@dataclass(frozen=True, slots=True)
class Judgement:
    """stopped: {customer_id: (check, detail)}, the first reason; lines: everything by person."""

    stopped: dict[int, tuple[str, str]]
    lines: dict[int, list[Line]]
    ran: list[str]


def run(name: str, check: Check, proposal: Proposal) -> tuple[str, Stopped]:
    """One check; a text that could not be judged holds everybody under the name "detector"."""
    try:
        return name, check(proposal)
    except ScanFailed:
        return "detector", dict.fromkeys(proposal.people, _UNJUDGED)


def judge(proposal: Proposal) -> Judgement:
    stopped: dict[int, tuple[str, str]] = {}
    lines: dict[int, list[Line]] = {customer: [] for customer in proposal.people}
    for given, check in CHECKS:
        name, found = run(given, check, proposal)
        for customer in proposal.people:
            lines[customer].append((name, customer not in found, found.get(customer, "")))
        for customer, detail in found.items():
            stopped.setdefault(customer, (name, detail))
    return Judgement(stopped, lines, [name for name, _ in CHECKS])


def sentence(name: str, passed: bool, detail: str) -> str:
    """One check in one Chinese sentence, as stored on a delivery."""
    if passed:
        return PASSED.get(name, "通过。")
    return f"{detail.rstrip('。')}。"


def told(
    lines: list[list[object]], names: Mapping[str, str] = CHECK_NAMES
) -> list[dict[str, object]]:
    """The stored lines of a delivery for its page: name, passed, sentence."""
    return [
        {
            "name": names.get(str(name), "发送"),
            "passed": bool(passed),
            "sentence": sentence(str(name), bool(passed), str(detail)),
        }
        for name, passed, detail in lines
    ]
