"""Reads of the sampling pages: what is left to judge, and rates with their intervals."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from compliance.models import Sample, SamplingPlan
from compliance.rules.evaluate import wilson
from scrm.accounts.models import User

Result = Sample.Result
STRATA = {"clean": "未命中", "light": "S0–S1", "grave": "S2 及以上", "complaint": "投诉（必查）"}


def _counts(prefix: str = "") -> dict[str, Count]:
    def count(**wanted: str) -> Count:
        lookups = {f"{prefix}{name}": value for name, value in wanted.items()}
        return Count(f"{prefix}id", filter=Q(**lookups))

    return {
        "total": Count(f"{prefix}id"),
        "passed": count(result=Result.PASS),
        "violations": count(result=Result.VIOLATION),
    }


def plans_of(user: User) -> QuerySet[SamplingPlan]:
    rows = SamplingPlan.objects.visible_to(user).select_related("branch", "created_by")
    return rows.annotate(**_counts("samples__")).order_by("-id")


def samples_of(user: User, plan: SamplingPlan | None = None) -> QuerySet[Sample]:
    rows = Sample.objects.visible_to(user).select_related(
        "user__branch", "message__contact", "message__customer", "reviewed_by", "plan"
    )
    return rows.filter(plan=plan) if plan else rows


@dataclass(frozen=True, slots=True)
class Rate:
    """Violations among the judged samples of a group; low and high bound 95 % of the guesses."""

    name: str
    total: int
    judged: int
    violations: int
    low: float
    high: float

    @property
    def share(self) -> float:
        return 100 * self.violations / self.judged if self.judged else 0.0


def _rate(name: str, row: dict[str, Any]) -> Rate:
    judged = row["passed"] + row["violations"]
    low, high = wilson(row["violations"], judged)
    return Rate(name, row["total"], judged, row["violations"], 100 * low, 100 * high)


def overall(user: User, plan: SamplingPlan) -> Rate:
    """Of what was drawn by chance: complaints are taken whole and would bend the rate."""
    rows = samples_of(user, plan).filter(always=False)
    return _rate("随机样本", rows.aggregate(**_counts()))


def by(user: User, plan: SamplingPlan, field: str) -> list[Rate]:
    """Rates by "user__branch__name", "user__name" or "stratum", the highest first."""
    rows = samples_of(user, plan)
    if field != "stratum":
        rows = rows.filter(always=False)
    found: list[dict[str, Any]] = list(
        rows.order_by().values(name=F(field)).annotate(**_counts())  # type: ignore[arg-type]
    )
    rates = [_rate(STRATA.get(row["name"], row["name"]), row) for row in found]
    return sorted(rates, key=lambda rate: (-rate.share, -rate.judged, rate.name))
