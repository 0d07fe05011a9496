"""The gate's ordered checks. Each looks at a whole batch at once and names whom it stops, and why.

A check returns {customer_id: detail}; an empty dictionary means that everyone passed. The first
check that stops a person gives the reason that the ledger keeps; what all of them said is kept too.
"""

import datetime
from collections.abc import Callable

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from compliance import calendar, containment, registry, review
from compliance.archive import terms
from compliance.gate import caps
from compliance.gate.proposal import Proposal
from compliance.scanning import scan_in_time
from contacts.models import Consent, Customer, CustomerEvent, Follow
from scrm.core import masking

Stopped = dict[int, str]
Check = Callable[[Proposal], Stopped]


def _all(proposal: Proposal, detail: str) -> Stopped:
    return dict.fromkeys(proposal.people, detail)


def content_approved(proposal: Proposal) -> Stopped:
    """Approved for this channel, in its time, and byte for byte what was approved."""
    entry = registry.reviewable(proposal.content_kind)
    obj = entry.load(proposal.content_id)
    approved = review.approved_digest(proposal.content_kind, proposal.content_id)
    if not approved or entry.freeze(obj).digest != approved or obj.state != "approved":
        return _all(proposal, "内容未经审批，或审批后有改动")
    if entry.terms is None:
        return _all(proposal, "这类内容没有使用范围，不能发送")
    refusal = _out_of_terms(entry.terms(obj), proposal.channel)
    return _all(proposal, refusal) if refusal else {}


def _out_of_terms(terms: registry.Terms, channel: str) -> str:
    today = timezone.localdate()
    if today < terms.valid_from:
        return f"内容从 {terms.valid_from:%Y-%m-%d} 起才能使用"
    if today > terms.valid_until:
        return f"内容已于 {terms.valid_until:%Y-%m-%d} 过期"
    return "" if channel in terms.channels else "内容没有批准用于这个渠道"


def audience(proposal: Proposal) -> Stopped:
    """The customer belongs to those for whom the content was approved."""
    entry = registry.reviewable(proposal.content_kind)
    terms = entry.terms(entry.load(proposal.content_id)) if entry.terms else None
    if terms is None or not terms.tiers:
        return {}
    rows = Customer.objects.filter(pk__in=proposal.people, tier__in=terms.tiers)
    allowed = set(rows.values_list("pk", flat=True))
    return {pk: "客户等级不在内容批准的受众内" for pk in proposal.people if pk not in allowed}


def sender_free(proposal: Proposal) -> Stopped:
    """An employee under an open S4 alert sends nothing until it is cleared."""
    if containment.contained(proposal.sender):
        return _all(proposal, "客户经理有未了结的禁止级预警，发送暂停")
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


def opt_out(proposal: Proposal) -> Stopped:
    """The customer has not asked to be left alone, whatever was once consented to."""
    rows = Customer.objects.filter(pk__in=proposal.people, opted_out_at__isnull=False)
    return {
        pk: f"客户已于 {timezone.localtime(at):%Y-%m-%d} 退订"
        for pk, at in rows.values_list("pk", "opted_out_at")
        if at is not None
    }


def suitability(proposal: Proposal) -> Stopped:
    """The product's R-grade, the higher of issuer's and seller's, fits a valid C-level."""
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
    """Marketing stays out of the bank's quiet hours ("20:30-09:00"; empty: none) and rest days."""
    if proposal.purpose != Consent.Purpose.MARKETING:
        return {}
    holiday = calendar.rest_day(timezone.localdate())
    if holiday:
        return _all(proposal, f"今天不发营销信息（{holiday}）")
    return _all(proposal, f"现在是静默时段（{settings.QUIET_HOURS}）") if _in_quiet() else {}


def _in_quiet() -> bool:
    if not settings.QUIET_HOURS:
        return False
    start, end = (datetime.time.fromisoformat(t) for t in settings.QUIET_HOURS.split("-"))
    now = timezone.localtime().time()
    return start <= now < end if start <= end else (now >= start or now < end)


def lexicon(proposal: Proposal) -> Stopped:
    """The rendered text, variables filled in, has nothing that must be held or blocked.

    Raises ScanFailed when the text could not be judged.
    """
    result = scan_in_time(proposal.text)
    if result.action in {"hold", "block"}:
        # The detail is kept with the delivery: it must not repeat a code or a number.
        first = result.findings[0]
        shown = masking.text(terms.redacted(proposal.text)[first.start : first.end])
        return _all(proposal, f"文字命中词库：{shown}")
    return {}
