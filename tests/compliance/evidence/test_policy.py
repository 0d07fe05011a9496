"""The lexicon in a package: in full, and as it stood on the day it judged."""

import json
from pathlib import Path
from types import ModuleType

import pytest

from compliance import lexicons
from compliance.lexicons import lexicon_activate, lexicon_import_csv
from compliance.models import LexiconVersion, MessageScan
from tests.factories.cast import Cast

ROWS = "来年的词,aml,4,risk,,,2099-01-01,\n往年的词,aml,4,risk,,,,2001-01-01\n"


@pytest.fixture
def dated(cast: Cast) -> LexiconVersion:
    """In force before anything is archived: two of its words do not count today."""
    draft = lexicon_import_csv(text=ROWS, note="有期限的词", actor=cast.officer)
    lexicon_activate(version=draft, actor=cast.officer_head)
    lexicons.forget()
    return draft


def problems(verifier: ModuleType, folder: Path) -> list[str]:
    found: list[str] = verifier.Package(str(folder), verifier.choose_sm3(False)).verify()
    return found


def test_a_lexicon_with_days_is_included_and_adds_up(
    dated: LexiconVersion, folder: Path, verifier: ModuleType
) -> None:
    assert problems(verifier, folder) == []
    policy = json.loads((folder / "policy" / f"{dated.number}.json").read_text())
    (judged,) = policy["judged"]
    assert judged == MessageScan.objects.values_list("lexicon_digest", flat=True).first()
    assert judged != policy["digest"] == dated.digest
    assert {"来年的词", "往年的词"} <= {row[3] for row in policy["terms"]}


def test_a_moved_day_shows(dated: LexiconVersion, folder: Path, verifier: ModuleType) -> None:
    path = folder / "policy" / f"{dated.number}.json"
    path.write_text(path.read_text().replace("2099-01-01", "2009-01-01"))
    # The hashes of files tell it first; this is what a forger of the manifest would meet.
    package = verifier.Package(str(folder), verifier.choose_sm3(False))
    package.policy()
    told = "\n".join(package.problems)
    assert "与其摘要不符" in told and "与扫描结论的摘要不符" in told
