"""Reading and checking lexicons: the shipped file, CSV uploads, validation before a build."""

from __future__ import annotations

import csv
import datetime
import io
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from compliance.lexicon.model import (
    ALIAS_SORTS,
    CATEGORIES,
    KINDS,
    MAX_TERM_CHARS,
    LexiconData,
    LexiconInvalid,
    Term,
)

DATA = Path(__file__).parent / "data"
STARTER_VERSION = "starter-1"
_ILLEGAL = re.compile("[\ud800-\udfff\n\r\t\x00]")
_UNUSABLE = re.compile(r"[\s，。、！？；：,.!?;:@%]")
_SORT_CODES = {name: code for code, name in ALIAS_SORTS.items()}
_ALIAS_COLUMNS = ("别名", "性质", "代表的词")
Taker = Callable[[list[str], int, list[Term], list[str], dict[tuple[str, str], int]], None]
COLUMNS = ("text", "category", "severity", "kind", "rule_id", "target", "since", "until")


@cache
def starter_lexicon() -> LexiconData:
    """The shipped words and aliases; raises LexiconInvalid when a shipped file was damaged."""
    terms: list[Term] = []
    for name in ("starter.csv", "aliases.csv"):
        good, errors = parse_csv((DATA / name).read_text(encoding="utf-8"))
        if errors:
            raise LexiconInvalid(errors)
        terms += good
    return LexiconData(version=STARTER_VERSION, terms=tuple(terms))


def parse_csv(text: str) -> tuple[list[Term], list[str]]:
    """Parse rows of COLUMNS (a header line and # comments are allowed).

    Returns the good terms and one Chinese message per bad row, with its line number.
    """
    return _parsed(text, _take_row)


def parse_aliases(text: str) -> tuple[list[Term], list[str]]:
    """Parse rows of alias, sort (code or Chinese name) and the word it stands for, as parse_csv."""
    return _parsed(text, _take_alias)


def _parsed(text: str, take: Taker) -> tuple[list[Term], list[str]]:
    terms: list[Term] = []
    errors: list[str] = []
    seen: dict[tuple[str, str], int] = {}
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff")))
    try:
        for row in reader:
            take(row, reader.line_num, terms, errors, seen)
    except csv.Error as error:
        errors.append(f"第{reader.line_num}行：不是有效的CSV（{error}）")
    return terms, errors


def _take_alias(
    row: list[str],
    line: int,
    terms: list[Term],
    errors: list[str],
    seen: dict[tuple[str, str], int],
) -> None:
    cells = [cell.strip() for cell in row]
    if not any(cells) or (line == 1 and cells[0] in ("别名", "alias")):
        return
    if len(cells) != len(_ALIAS_COLUMNS):
        errors.append(f"第{line}行：要有三列：{'，'.join(_ALIAS_COLUMNS)}")
        return
    alias, sort, target = cells
    code = _SORT_CODES.get(sort, sort) or "空"
    _take_row([alias, code, "0", "alias", "", target], line, terms, errors, seen)


def _take_row(
    row: list[str],
    line: int,
    terms: list[Term],
    errors: list[str],
    seen: dict[tuple[str, str], int],
) -> None:
    if not row or row[0].startswith("#") or (line == 1 and row[0].strip() == "text"):
        return
    term, reason = _row_term(row)
    if term is None:
        errors.append(f"第{line}行：{reason}")
        return
    key = (term.kind, term.text)
    if key in seen:
        errors.append(f"第{line}行：与第{seen[key]}行重复（{term.text}）")
        return
    seen[key] = line
    terms.append(term)


def _row_term(row: list[str]) -> tuple[Term | None, str]:
    cells = [cell.strip() for cell in row] + [""] * (len(COLUMNS) - len(row))
    if len(row) > len(COLUMNS):
        return None, f"列数为{len(row)}，最多{len(COLUMNS)}列"
    text, category, severity, kind, rule_id, target, since, until = cells
    if severity not in {"0", "1", "2", "3", "4"}:
        return None, f"级别必须是0到4的整数（{severity or '空'}）"
    term = Term(text, category, int(severity), kind or "risk", rule_id, target, since, until)
    reason = term_problem(term)
    return (None, reason) if reason else (term, "")


def term_problem(term: Term) -> str:
    """Why this term must not enter an automaton, in Chinese; empty when it may."""
    if _unreadable(term):
        return "词为空或不含文字"
    if len(term.text) > MAX_TERM_CHARS:
        return f"词长{len(term.text)}，超过{MAX_TERM_CHARS}字（可能是分隔符错误）"
    if _ILLEGAL.search(term.text + term.target):
        return "含有非法字符（孤立代理项或控制字符）"
    return _field_problem(term)


def _unreadable(term: Term) -> bool:
    """An alias may be one emoji; a risk word without a letter would match noise everywhere."""
    if not isinstance(term.text, str) or not term.text.strip():
        return True
    return term.kind != "alias" and not any(ch.isalnum() for ch in term.text)


def _field_problem(term: Term) -> str:
    if term.kind not in KINDS:
        return f"类型未知（{term.kind}）"
    if term.kind == "risk" and term.category not in CATEGORIES:
        return f"类别未知（{term.category or '空'}）"
    if type(term.severity) is not int or not 0 <= term.severity <= 4:
        return f"级别必须是0到4的整数（{term.severity}）"
    if term.kind == "alias" and (problem := _alias_problem(term)):
        return problem
    if problem := _days_problem(term):
        return problem
    if term.kind == "risk" and len(term.text) == 1:
        return f"风险词只有一个字（{term.text}），会命中大量正常消息"
    return ""


def _alias_problem(term: Term) -> str:
    if not term.target:
        return f"别名缺少目标（{term.text}）"
    if _UNUSABLE.search(term.text):
        return f"别名里不能有空格或标点（{term.text}）"
    if term.target == term.text:
        return f"别名与它代表的词相同（{term.text}）"
    if term.category and term.category not in ALIAS_SORTS:
        return f"别名的性质未知（{term.category}）"
    if len(term.text) == 1 and _everyday(term.text):
        return f"单个常用字不能作别名（{term.text}），会改读大量正常消息"
    return ""


def _everyday(char: str) -> bool:
    """A letter, digit or common Chinese character; emoji and rare look-alikes are not."""
    try:
        return char.isalnum() and bool(char.encode("gb2312"))
    except UnicodeEncodeError:
        return False


def _days_problem(term: Term) -> str:
    for day in (term.since, term.until):
        if day and not _is_day(day):
            return f"日期要写成 2026-01-31 这样（{day}）"
    if term.since and term.until and term.since > term.until:
        return f"生效日 {term.since} 晚于失效日 {term.until}"
    return ""


def _is_day(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def require_valid(data: LexiconData) -> None:
    """Raise LexiconInvalid naming every bad row; an empty lexicon is never accepted."""
    rows = [
        f"第{number}条：{reason}"
        for number, term in enumerate(data.terms, 1)
        if (reason := term_problem(term))
    ]
    if not any(term.kind == "risk" for term in data.terms):
        rows.append("词库没有任何风险词")
    if not data.version:
        rows.append("词库缺少版本号")
    if rows:
        raise LexiconInvalid(rows)
