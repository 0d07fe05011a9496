"""Reads of the lexicon pages."""

import datetime
from collections import Counter
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone

from compliance.lexicon import CATEGORIES
from compliance.lexicons import active_version
from compliance.models import LexiconRun, LexiconTerm, LexiconVersion, MessageScan
from compliance.selectors.intercept import Coverage

_DAYS = 30
KIND_NAMES = {"risk": "风险词", "benign": "放行词", "alias": "别名"}
Change = dict[str, Any]


def versions() -> QuerySet[LexiconVersion]:
    rows = LexiconVersion.objects.select_related("created_by", "activated_by")
    return rows.annotate(term_count=Count("terms"))


def categories(coverage: Coverage) -> list[dict[str, Any]]:
    """Every category with its terms in the version in force, where they act, and its hits in 30
    days."""
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
            **coverage.of_category(code, terms.get(code, 0)),
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
    """What the draft adds to the version in force, changes in it or takes out."""
    return _changes(active_version(), draft)


def diff(former: LexiconVersion, later: LexiconVersion) -> list[tuple[str, list[Change]]]:
    """(category, its changes from one version to the other), categories without any left out."""
    groups: dict[str, list[Change]] = {}
    for change in _changes(former, later):
        groups.setdefault(change["category"], []).append(change)
    return sorted(groups.items())


def newest_run(version: LexiconVersion, kind: str) -> LexiconRun | None:
    return version.runs.filter(kind=kind).first()


def _changes(former: LexiconVersion | None, later: LexiconVersion) -> list[Change]:
    known = {(t.kind, t.text): t for t in former.terms.all()} if former else {}
    found: list[Change] = []
    for term in later.terms.all():
        before = known.pop((term.kind, term.text), None)
        if before is None or _differs(term, before):
            found.append(_change(term, before))
    return found + [_change(term, term, gone=True) for term in known.values()]


def _differs(term: LexiconTerm, former: LexiconTerm) -> bool:
    names = ("category", "severity", "target", "rule_id")
    return any(getattr(term, name) != getattr(former, name) for name in names)


def _change(term: LexiconTerm, former: LexiconTerm | None, gone: bool = False) -> Change:
    return {
        "term": term,
        "gone": gone,
        "former": former,
        "kind": KIND_NAMES.get(term.kind, term.kind),
        "category": category_name(term.category),
    }


def category_name(code: str) -> str:
    return CATEGORIES.get(code, (code, 0))[0] or "—"
