"""Judges a stored message again, exactly as it was judged then, and compares byte for byte."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from compliance.archive.judging import judge_again
from compliance.archive.log.canonical import canonical
from compliance.lexicon import ENGINE_VERSION, Engine, ScanFailed
from compliance.lexicon.versions import described
from compliance.lexicons import engine_of
from compliance.models import LexiconVersion, MessageScan

_CHANGED = "结论不同：记录，或与它连读的上一条消息，被改动。"
_UNKNOWN = (
    "结论不同：当时没有记下客户年龄、风险等级和上一条消息，只能用现在的；它们已变化，或记录被改动。"
)


@dataclass(frozen=True, slots=True)
class Replay:
    """`stored` and `again`: canonical JSON of the findings, empty where it could not be repeated."""

    same: bool
    why: str
    stored: str = ""
    again: str = ""


def replay(scan: MessageScan) -> Replay:
    """Uses the lexicon version, rules and normaliser that the decision names, or says why not."""
    if scan.engine_version != ENGINE_VERSION:
        then, now = described(scan.engine_version), described(ENGINE_VERSION)
        return Replay(False, f"当时是 {then}，现在运行的是 {now}；请在当时的版本上重放。")
    try:
        engine = _engine(scan)
    except ScanFailed:
        return Replay(False, f"词库 {scan.lexicon_version} 的词条与当时的摘要不符，不能重放。")
    try:
        judged = judge_again(scan.message, scan.given, engine)
    except ScanFailed:
        return Replay(False, "这条消息现在不能扫描。")
    stored, again = _bytes(scan.severity, scan.findings), _bytes(judged.severity, judged.findings)
    if stored == again:
        return Replay(True, "用当时的词库、规则和归一化重新判断，结论逐字节一致。", stored, again)
    return Replay(False, _UNKNOWN if scan.given is None else _CHANGED, stored, again)


def _engine(scan: MessageScan) -> Engine:
    """Raises ScanFailed where no engine of that version and day has the digest of the decision."""
    version = LexiconVersion.objects.filter(number=scan.lexicon_version).first()
    if version is None:
        raise ScanFailed("no such lexicon version")
    engine = engine_of(version, timezone.localdate(scan.at))
    if engine.digest != scan.lexicon_digest:
        raise ScanFailed("lexicon digest differs")
    return engine


def _bytes(severity: int | None, findings: list[dict[str, Any]]) -> str:
    kept = [{k: v for k, v in found.items() if k != "excerpt"} for found in findings]
    return canonical({"findings": kept, "severity": severity})
