"""The gate's ordered checks. Each looks at a whole batch at once and names whom it stops, and why.

A check returns {customer_id: detail}; an empty dictionary means that everyone passed. The first
check that stops a person gives the reason that the ledger keeps.
"""

import datetime
from collections.abc import Callable

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from compliance import registry, review
from compliance.gate import caps
from compliance.gate.proposal import Proposal
from compliance.scanning import scan_text
from contacts.models import Consent, Customer, CustomerEvent, Follow

Stopped = dict[int, str]
Check = Callable[[Proposal], Stopped]


def _all(proposal: Proposal, detail: str) -> Stopped:
    return dict.fromkeys(proposal.people, detail)


def content_approved(proposal: Proposal) -> Stopped:
    """Approved, unexpired, and byte for byte what was approved."""
    entry = registry.reviewable(proposal.content_kind)
    obj = entry.load(proposal.content_id)
    approved = review.approved_digest(proposal.content_kind, proposal.content_id)
    if not approved or entry.freeze(obj).digest != approved or obj.state != "approved":
        return _all(proposal, "内容未经审批，或审批后有改动")
    if proposal.valid_until < timezone.localdate():
        return _all(proposal, f"内容已于 {proposal.valid_until:%Y-%m-%d} 过期")
    return {}


def friend(proposal: Proposal) -> Stopped:
    """The recipient is still this employee's friend."""
    active = set(
        Follow.objects.filter(
            user=proposal.sender,
            state=Follow.State.ACTIVE,
            contact__external_userid__in=proposal.people.values(),
        ).values_list("contact__external_userid", flat=True)
    )
    return {
        customer: "不是客户经理的企业微信好友"
        for customer, external in proposal.people.items()
        if external not in active
    }


def consent(proposal: Proposal) -> Stopped:
    """Consent for this purpose on this channel is given and not withdrawn."""
    rows = Consent.objects.filter(
        customer_id__in=proposal.people,
        purpose=proposal.purpose,
        channel=Consent.Channel.WECOM,
        superseded_at=None,
    ).values_list("customer_id", "state")
    states: dict[int, str] = dict(rows)
    words: dict[str | None, str] = {Consent.State.WITHDRAWN: "客户已撤回授权", None: "客户没有授权"}
    return {
        customer: words[states.get(customer)]
        for customer in proposal.people
        if states.get(customer) != Consent.State.GRANTED
    }


def suitability(proposal: Proposal) -> Stopped:
    """The product's R-grade does not exceed the customer's valid C-level."""
    if not proposal.risk_grade:
        return {}
    today = timezone.localdate()
    stopped: Stopped = {}
    rows = Customer.objects.filter(pk__in=proposal.people).only("risk_level", "risk_expires_on")
    for customer in rows:
        level = customer.valid_risk_level(today)
        if not level:
            stopped[customer.pk] = "风险测评缺失或已过期"
        elif level < proposal.risk_grade:
            stopped[customer.pk] = f"产品 R{proposal.risk_grade} 高于客户 C{level}"
    return stopped


def contact_cap(proposal: Proposal) -> Stopped:
    """The bank's own cap on marketing messages per customer and days, and WeCom's on top."""
    since = timezone.now() - datetime.timedelta(days=settings.CONTACT_CAP_DAYS)
    rows = (
        CustomerEvent.objects.filter(
            customer_id__in=proposal.people, kind=caps.KIND, occurred_at__gte=since
        )
        .exclude(key__startswith=caps.prefix(proposal.source))
        .values_list("customer_id")
        .annotate(n=Count("id"))
    )
    limit = settings.CONTACT_CAP_COUNT
    return {
        customer: f"近 {settings.CONTACT_CAP_DAYS} 天已收到 {n} 条营销消息（上限 {limit}）"
        for customer, n in rows
        if n >= limit
    }


def quiet_hours(proposal: Proposal) -> Stopped:
    """Marketing stays out of the bank's quiet hours, e.g. "20:30-09:00"; empty: none."""
    if not settings.QUIET_HOURS or proposal.purpose != Consent.Purpose.MARKETING:
        return {}
    start, end = (datetime.time.fromisoformat(t) for t in settings.QUIET_HOURS.split("-"))
    now = timezone.localtime().time()
    inside = start <= now < end if start <= end else (now >= start or now < end)
    return _all(proposal, f"现在是静默时段（{settings.QUIET_HOURS}）") if inside else {}


def lexicon(proposal: Proposal) -> Stopped:
    """The rendered text, variables filled in, has nothing that must be held or blocked."""
    result = scan_text(proposal.text)
    if result.action in {"hold", "block"}:
        return _all(proposal, f"文字命中词库：{result.findings[0].excerpt}")
    return {}


# Order is the order of reasons: what concerns the content first, then the person, then the moment.
CHECKS: tuple[tuple[str, Check], ...] = (
    ("content", content_approved),
    ("friend", friend),
    ("consent", consent),
    ("suitability", suitability),
    ("cap", contact_cap),
    ("quiet", quiet_hours),
    ("lexicon", lexicon),
)
CHECK_NAMES = {
    "content": "内容审批",
    "friend": "好友关系",
    "consent": "授权",
    "suitability": "适当性",
    "cap": "触达上限",
    "quiet": "静默时段",
    "lexicon": "词库",
}
# These pass with time: the person stays planned and is tried again later.
PASSING = frozenset({"quiet"})


def judge(proposal: Proposal) -> tuple[dict[int, tuple[str, str]], list[str]]:
    """Runs all checks in order: ({customer_id: (check, detail)} of the stopped, checks that ran)."""
    stopped: dict[int, tuple[str, str]] = {}
    for name, check in CHECKS:
        for customer, detail in check(proposal).items():
            stopped.setdefault(customer, (name, detail))
    return stopped, [name for name, _ in CHECKS]
