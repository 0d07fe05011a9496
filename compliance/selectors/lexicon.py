"""Reads of the lexicon pages."""

import datetime
from collections import Counter
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone

from compliance.lexicon import CATEGORIES
from compliance.lexicons import active_version
from compliance.models import LexiconTerm, LexiconVersion, MessageScan

_DAYS = 30
KIND_NAMES = {"risk": "风险词", "benign": "放行词", "alias": "别名"}
Change = dict[str, Any]


def versions() -> QuerySet[LexiconVersion]:
    rows = LexiconVersion.objects.select_related("created_by", "activated_by")
    return rows.annotate(term_count=Count("terms"))


def categories() -> list[dict[str, Any]]:
    """Every category with its terms in the version in force and its hits in 30 days."""
    version = active_version()
    terms: dict[str, int] = {}
    if version:
        rows = version.terms.filter(kind="risk").order_by()
        terms = dict(rows.values_list("category").annotate(n=Count("id")))
    hits = _hits()
    return [
        {
            "code": code,
            "name": name,
            "severity": severity,
            "terms": terms.get(code, 0),
            "hits": hits[code],
        }
        for code, (name, severity) in CATEGORIES.items()
    ]


def _hits() -> Counter[str]:
    """Messages of the last 30 days by the categories that were found in them."""
    since = timezone.now() - datetime.timedelta(days=_DAYS)
    found = MessageScan.objects.filter(at__gte=since, severity__isnull=False)
    counts: Counter[str] = Counter()
    for findings in found.values_list("findings", flat=True).iterator():
        counts.update({finding["category"] for finding in findings})
    return counts


def changes(draft: LexiconVersion) -> list[Change]:
    """What the draft adds to the version in force or changes in it."""
    active = active_version()
    known = {(t.kind, t.text): t for t in active.terms.all()} if active else {}
    return [
        _change(term, former)
        for term in draft.terms.all()
        if (former := known.get((term.kind, term.text))) is None or _differs(term, former)
    ]


def _differs(term: LexiconTerm, former: LexiconTerm) -> bool:
    names = ("category", "severity", "target", "rule_id")
    return any(getattr(term, name) != getattr(former, name) for name in names)


def _change(term: LexiconTerm, former: LexiconTerm | None) -> Change:
    return {
        "term": term,
        "former": former,
        "kind": KIND_NAMES.get(term.kind, term.kind),
        "category": category_name(term.category),
    }


def category_name(code: str) -> str:
    return CATEGORIES.get(code, (code, 0))[0] or "—"
