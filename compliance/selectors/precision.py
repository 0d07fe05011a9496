"""How often a word or rule was right, by what people decided in the last 90 days.

Each figure carries the address of the desk that lists what was counted.
"""

import datetime
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from compliance.lexicon import CATEGORIES, Term
from compliance.models import Alert, LexiconTerm
from compliance.names import category_name
from compliance.selectors.desk import DECIDED_DAYS
from scrm.accounts.models import User

State = Alert.State
_RULE_CHARS = 60
_TOP = 15


@dataclass(frozen=True, slots=True)
class Precision:
    """Of the decided alerts of one word, rule or category, how many were right."""

    confirmed: int
    dismissed: int
    to_confirmed: str
    to_dismissed: str

    @property
    def decided(self) -> int:
        return self.confirmed + self.dismissed

    @property
    def percent(self) -> int:
        return round(100 * self.confirmed / self.decided)

    @property
    def poor(self) -> bool:
        """More wrong than right, on more than chance."""
        return self.decided >= 5 and self.percent < 50


def by_category(user: User) -> dict[str, Precision]:
    rows = _decided(user).filter(category__in=CATEGORIES)
    return {row["category"]: _precision(row, "category") for row in _counted(rows, "category")}


def by_rule(user: User) -> list[dict[str, Any]]:
    """The words and rules with most wrong alerts first."""
    rows = _counted(_decided(user).exclude(rule_id=""), "rule_id", "category")
    found = [
        {
            "rule": row["rule_id"],
            "name": category_name(row["category"]),
            "precision": _precision(row, "rule_id"),
        }
        for row in rows
    ]
    found.sort(key=lambda row: (-row["precision"].dismissed, row["rule"]))
    return found[:_TOP]


def of_terms(user: User, terms: list[LexiconTerm]) -> dict[int, Precision]:
    """Term key → its precision, for the risk words that somebody has decided about."""
    codes = {_rule_of(term): term.pk for term in terms if term.kind == "risk"}
    rows = _counted(_decided(user).filter(rule_id__in=codes), "rule_id")
    return {codes[row["rule_id"]]: _precision(row, "rule_id") for row in rows}


def _rule_of(term: LexiconTerm) -> str:
    value = Term(term.text, term.category, term.severity, rule_id=term.rule_id)
    return value.finding_id[:_RULE_CHARS]


def _decided(user: User) -> QuerySet[Alert]:
    since = timezone.now() - datetime.timedelta(days=DECIDED_DAYS)
    rows = Alert.objects.visible_to(user).filter(subject=Alert.Subject.MESSAGE)
    return rows.filter(state__in=(State.CONFIRMED, State.DISMISSED), decided_at__gte=since)


def _counted(rows: QuerySet[Alert], *by: str) -> list[dict[str, Any]]:
    confirmed = Count("id", filter=Q(state=State.CONFIRMED))
    dismissed = Count("id", filter=Q(state=State.DISMISSED))
    counted = rows.order_by().values(*by).annotate(confirmed=confirmed, dismissed=dismissed)
    return list(counted)


_FILTERS = {"rule_id": "rule", "category": "category"}


def _precision(row: dict[str, Any], by: str) -> Precision:
    base = {"tab": "all", "decided": 1, "subject": "message", _FILTERS[by]: row[by]}
    links = [
        urlencode({**base, "state": str(state)}) for state in (State.CONFIRMED, State.DISMISSED)
    ]
    return Precision(row["confirmed"], row["dismissed"], *links)
