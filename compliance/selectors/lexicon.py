"""Reads of the lexicon pages."""

import datetime
from collections import Counter
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from compliance.lexicon import ALIAS_SORTS, CATEGORIES
from compliance.lexicons import active_version
from compliance.models import LexiconRun, LexiconTerm, LexiconVersion, MessageScan
from compliance.selectors.intercept import Coverage
from compliance.selectors.precision import Precision

_DAYS = 30
KIND_NAMES = {"risk": "风险词", "benign": "放行词", "alias": "别名", "complaint": "投诉用语"}
Change = dict[str, Any]


def versions() -> QuerySet[LexiconVersion]:
    rows = LexiconVersion.objects.select_related("created_by", "activated_by")
    return rows.annotate(term_count=Count("terms"))


def categories(coverage: Coverage, precision: dict[str, Precision]) -> list[dict[str, Any]]:
    """Every category with its terms in the version in force, where they act, its hits in 30 days
    and its precision in 90."""
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
            "precision": precision.get(code),
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
    names = ("category", "severity", "target", "rule_id", "since", "until")
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
    """Of a risk category, or the sort of an alias."""
    if code in CATEGORIES:
        return CATEGORIES[code][0]
    return ALIAS_SORTS.get(code, code) or "—"


def terms(version: LexiconVersion, kind: str, category: str) -> QuerySet[LexiconTerm]:
    rows = version.terms.order_by("-kind", "category", "text")
    chosen = {name: value for name, value in (("kind", kind), ("category", category)) if value}
    return rows.filter(**chosen)


def aliases(query: str, sort: str) -> QuerySet[LexiconTerm]:
    """Aliases in force whose own text or whose word holds the query."""
    rows = _aliases().order_by("target", "category", "text")
    if query:
        rows = rows.filter(Q(text__icontains=query) | Q(target__icontains=query))
    return rows.filter(category=sort) if sort else rows


def alias_counts() -> list[tuple[str, str, int]]:
    """(sort, its name, how many are in force)"""
    counts = dict(_aliases().order_by().values_list("category").annotate(n=Count("id")))
    return [(code, name, counts.get(code, 0)) for code, name in ALIAS_SORTS.items()]


def _aliases() -> QuerySet[LexiconTerm]:
    version = active_version()
    rows = LexiconTerm.objects.filter(kind="alias")
    return rows.filter(version=version) if version else rows.none()
