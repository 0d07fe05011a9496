"""Heads leave the database: append-only file, time stamps, crashes between the steps."""

import json
from pathlib import Path
from typing import Any

import pytest

from channels.providers import tsa
from channels.providers.base import ProviderError
from compliance import tasks
from compliance.archive.log import anchor_file as form
from compliance.archive.log import anchors, heads
from compliance.archive.log.append import append_event
from compliance.archive.verify.service import verify
from compliance.models import LogAnchor, LogHead, LogLeaf
from tests.factories.compliance import as_superuser
from tests.factories.tsa import Authority


@pytest.fixture
def authority(tmp_path: Path, settings: Any, socket_enabled: None):
    with Authority(tmp_path / "tsa") as running:
        settings.TSA_URL, settings.TSA_CA_PATH = running.url, str(running.ca)
        yield running


def grow(count: int = 1) -> None:
    for n in range(count):
        append_event("test.note", n=n)


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def test_an_empty_log_has_nothing_to_anchor(db: None, anchor_file: Path) -> None:
    assert tasks.log_anchor() == 0
    assert not anchor_file.exists()


def test_lines_are_chained_and_mirrored(db: None, anchor_file: Path) -> None:
    for expected in (1, 2, 3):
        grow(3)
        assert tasks.log_anchor() == expected
    assert tasks.log_anchor() == 3  # nothing new, no line
    assert len(lines(anchor_file)) == 3
    assert LogAnchor.objects.count() == LogHead.objects.count() == 3
    assert anchor_file.stat().st_mode & 0o777 == 0o600
    verdict = verify()
    assert (verdict.ok, verdict.anchored, verdict.unproven) == (True, 9, 0)


def test_a_crash_before_the_line_and_one_before_the_mirror(db: None, anchor_file: Path) -> None:
    grow()
    heads.make()  # died before the line was written
    assert verify().unproven == 1
    assert tasks.log_anchor() == 1
    grow()
    tasks.log_anchor()
    as_superuser("DELETE FROM compliance_loganchor WHERE number = 2")  # died before the mirror
    assert tasks.log_anchor() == 2
    assert LogAnchor.objects.count() == 2
    assert verify().ok


def test_a_torn_line_is_closed_and_replaced(db: None, anchor_file: Path) -> None:
    grow()
    tasks.log_anchor()
    with anchor_file.open("ab") as file:
        file.write(b'{"head":{"at":"20')
    grow()
    assert tasks.log_anchor() == 2
    verdict = verify()
    assert (verdict.ok, verdict.anchored) == (True, 2)


def test_a_log_that_is_not_the_anchored_one_gets_no_anchor(db: None, anchor_file: Path) -> None:
    grow(4)
    tasks.log_anchor()
    before = anchor_file.read_bytes()
    as_superuser("DELETE FROM compliance_logleaf WHERE index = 3")
    as_superuser("DELETE FROM compliance_loganchor")
    as_superuser("DELETE FROM compliance_loghead")
    with pytest.raises(anchors.AnchorRefused, match="the log has 3"):
        tasks.log_anchor()
    grow(2)
    with pytest.raises(anchors.AnchorRefused, match="not those that were anchored"):
        tasks.log_anchor()
    assert anchor_file.read_bytes() == before


def test_a_lost_file_is_gone_on_with_and_shows(db: None, anchor_file: Path) -> None:
    grow()
    tasks.log_anchor()
    anchor_file.unlink()
    grow()
    assert tasks.log_anchor() == 2
    assert "锚文件从第 2 行开始" in verify().sentence


def test_a_thousand_leaves_ring(db: None, monkeypatch, django_capture_on_commit_callbacks) -> None:
    rung: list[Any] = []
    monkeypatch.setattr(tasks.log_anchor, "apply_async", lambda *a, **_: rung.append(a))
    with django_capture_on_commit_callbacks(execute=True):
        grow(998)
        assert not rung
        grow(3)
    assert len(rung) == 1


def test_time_goes_on_when_the_clock_goes_back(db: None, monkeypatch) -> None:
    grow()
    first = LogLeaf.objects.get(index=0).created_at
    monkeypatch.setattr(
        "compliance.archive.log.append.timezone.now", lambda: first.replace(year=2020)
    )
    grow()
    assert LogLeaf.objects.get(index=1).created_at == first
    assert verify().ok


def test_a_time_stamp_is_asked_for_and_checked(
    db: None, anchor_file: Path, authority: Authority
) -> None:
    grow()
    tasks.log_anchor()
    line = anchor_file_line(anchor_file, 0)
    assert LogAnchor.objects.get().stamped
    assert tsa.check(line.token, line.bare).year >= 2024
    with pytest.raises(tsa.TokenInvalid):
        tsa.check(line.token, line.bare + b" ")
    with pytest.raises(tsa.TokenInvalid):
        tsa.check(line.token[:-1] + b"\x00", line.bare)
    assert verify().ok


def anchor_file_line(path: Path, number: int) -> form.Line:
    return form.parse(lines(path)[number])


def test_the_token_of_another_anchor_is_noticed(
    db: None, anchor_file: Path, authority: Authority
) -> None:
    for _ in range(2):
        grow()
        tasks.log_anchor()
    first, second = (json.loads(line) for line in lines(anchor_file))
    second["token"] = first["token"]
    text = json.dumps(second, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    anchor_file.write_bytes(lines(anchor_file)[0] + b"\n" + text + b"\n")
    as_superuser(
        "UPDATE compliance_loganchor SET line_hash = %s WHERE number = 2",
        anchor_file_line(anchor_file, 1).hash,
    )
    assert verify().sentence == "存档异常：锚文件第 2 行的时间戳不是这一行的，时间戳被调换。"


def test_without_the_authority_the_anchor_goes_without_a_stamp(
    db: None, anchor_file: Path, authority: Authority, settings: Any
) -> None:
    settings.TSA_URL = "http://127.0.0.1:9/"
    grow()
    assert tasks.log_anchor() == 1
    assert anchor_file_line(anchor_file, 0).token == b""
    assert not LogAnchor.objects.get().stamped


def test_an_answer_about_something_else_is_refused(
    db: None, authority: Authority, monkeypatch
) -> None:
    recorded: list[bytes] = []
    honest = authority.answer
    monkeypatch.setattr(
        authority, "answer", lambda query: recorded.append(honest(query)) or recorded[0]
    )
    tsa.stamp(b"one")
    with pytest.raises(ProviderError, match="不可信"):
        tsa.stamp(b"two")
