"""Value types of the engine: terms, lexicon, findings, result, context.

Nothing here knows Django; every type is immutable so that a scan can be repeated and compared.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

CATEGORIES: dict[str, tuple[str, int]] = {
    "guarantee_return": ("承诺保本保收益", 4),
    "misleading_promotion": ("误导宣传", 3),
    "suitability": ("适当性违规", 3),
    "private_transfer": ("私下资金往来", 4),
    "agency_operation": ("代客操作", 4),
    "credential": ("索要密码或验证码", 4),
    "off_book_sale": ("飞单与行外产品", 4),
    "off_channel": ("引流到行外渠道", 3),
    "pii_leak": ("泄露客户信息", 4),
    "loan_violation": ("贷款违规", 3),
    "aml": ("洗钱与账户出借", 4),
    "unlicensed_advice": ("违规荐股与内幕消息", 3),
    "abuse": ("辱骂与威胁", 3),
    "customer_poaching": ("带走客户", 3),
    "kickback": ("返佣与利益输送", 3),
    "evidence_tampering": ("毁改证据", 4),
}
SEVERITY_NAMES: dict[int, str] = {0: "观察", 1: "提示", 2: "警告", 3: "严重", 4: "禁止"}
# complaint: what a customer says who complains; it is told to the reviewers, never matched as risk.
KINDS = ("risk", "benign", "alias", "complaint")
ALIAS_SORTS: dict[str, str] = {
    "emoji": "表情符号",
    "slang": "行话俗称",
    "abbreviation": "字母缩写",
    "homophone": "谐音错字",
}
ACTIONS = ("observe", "remind", "hold", "block", "block")
MAX_CHARS = 20_000
MAX_TERM_CHARS = 40


class ScanFailed(Exception):
    """Any unexpected failure of a scan. Callers must hold the message, never send it."""


class LexiconInvalid(ValueError):
    """A lexicon that must not be used; `rows` names every bad row in Chinese."""

    def __init__(self, rows: list[str]) -> None:
        super().__init__("；".join(rows))
        self.rows = rows


@dataclass(frozen=True, slots=True)
class Term:
    text: str
    category: str
    severity: int
    kind: str = "risk"
    rule_id: str = ""
    target: str = ""
    # First and last day in force, ISO; empty: without an end on that side.
    since: str = ""
    until: str = ""

    def row(self) -> list[Any]:
        """What counts for the digest; terms without days keep the digest they always had."""
        days = [self.since, self.until] if self.since or self.until else []
        told = [self.kind, self.category, self.severity, self.text, self.target, self.rule_id]
        return told + days

    @property
    def finding_id(self) -> str:
        """What a finding of this word cites."""
        return self.rule_id or f"LEX-{self.category}-{self.text}"

    def holds(self, day: str) -> bool:
        return self.since <= day and (not self.until or day <= self.until)


@dataclass(frozen=True)
class LexiconData:
    version: str
    terms: tuple[Term, ...]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the content: neither the order of rows nor the version counts."""
        rows = sorted(json.dumps(t.row(), ensure_ascii=True) for t in self.terms)
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()

    def on(self, day: datetime.date) -> LexiconData:
        """What is in force on that day: itself where no term begins later or has ended."""
        kept = tuple(term for term in self.terms if term.holds(day.isoformat()))
        return self if len(kept) == len(self.terms) else LexiconData(self.version, kept)


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason; text[start:end] == excerpt always holds for the scanned text."""

    rule_id: str
    category: str
    severity: int
    start: int
    end: int
    excerpt: str
    channel: str
    explanation: str


@dataclass(frozen=True)
class ScanResult:
    findings: tuple[Finding, ...]
    severity: int | None
    action: str
    engine_version: str
    lexicon_version: str
    lexicon_digest: str

    @property
    def clean(self) -> bool:
        return self.severity is None

    def to_json(self) -> dict[str, Any]:
        """A dict with a fixed key order, so that json.dumps gives the same bytes each time."""
        return {
            "action": self.action,
            "engine_version": self.engine_version,
            "findings": [_finding_json(f) for f in self.findings],
            "lexicon_digest": self.lexicon_digest,
            "lexicon_version": self.lexicon_version,
            "severity": self.severity,
        }


def _finding_json(finding: Finding) -> dict[str, Any]:
    # A lone surrogate cannot be encoded later, so it is shown as the replacement character here.
    names = Finding.__slots__
    out = {name: getattr(finding, name) for name in sorted(names)}
    out["excerpt"] = finding.excerpt.encode("utf-8", "replace").decode("utf-8")
    return out


@dataclass(frozen=True)
class ScanContext:
    speaker: Literal["staff", "customer"] = "staff"
    recipient_age: int | None = None
    recipient_risk_level: str | None = None
    repeat_count: int = 0
