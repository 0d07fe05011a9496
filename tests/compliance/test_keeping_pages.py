"""The pages of holds, purges and files: who sees and does what."""

from pathlib import Path
from typing import Any

import pytest

from compliance.archive import media
from compliance.models import ArchivedMedia, LegalHold, PurgeRequest
from scrm.audit.models import AuditEvent
from tests.compliance.test_keeping import _old
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import Chat, message_of

PNG = b"\x89PNG\r\n" + b"x" * 50


@pytest.fixture
def talk(cast: Cast, chat: Chat, settings: Any, tmp_path: Path) -> Chat:
    settings.BLOB_DIR = str(tmp_path / "blobs")
    to = befriend(cast.wang).external_userid
    chat.send_file("alice", to, PNG)
    chat.send_file("alice", to, b"<script>", msgtype="file", filename="表.html")
    chat.say(to, "alice", "", msgtype="agree", agree={"userid": to, "agree_time": 1})
    chat.say("alice", to, "很久以前", at=_old(6))
    chat.archive()
    media.fetch(chat)
    return chat


def test_files_are_shown_to_their_readers_and_each_view_is_recorded(
    talk: Chat, cast: Cast, sign_in: Any
) -> None:
    picture, document = ArchivedMedia.objects.order_by("id")
    page = sign_in(cast.officer).get(f"/compliance/archive/{picture.message_id}/").content.decode()
    assert f"/compliance/media/{picture.pk}/" in page and "客户已同意" in page
    assert "会话记录" in page
    response = sign_in(cast.officer).get(f"/compliance/media/{picture.pk}/")
    assert (b"".join(response), response["Content-Type"]) == (PNG, "image/png")
    download = sign_in(cast.auditor).get(f"/compliance/media/{document.pk}/")
    assert download["Content-Type"] == "application/octet-stream"
    assert download["Content-Disposition"].startswith("attachment")
    assert b"".join(download) == b"<script>"
    assert AuditEvent.objects.filter(action="archive.media").count() == 2
    assert sign_in(cast.officer_shanghai).get(f"/compliance/media/{picture.pk}/").status_code == 404
    assert sign_in(cast.hq).get(f"/compliance/media/{picture.pk}/").status_code == 403


def test_a_hold_and_a_purge_through_the_pages(talk: Chat, cast: Cast, sign_in: Any) -> None:
    officer, hq = sign_in(cast.officer_head), sign_in(cast.hq)
    page = officer.post(
        "/compliance/keeping/", {"matter": "案一", "reason": "检查", "user": "alice"}
    )
    assert page.status_code == 302
    hold = LegalHold.objects.get()
    message = message_of(talk.rows[3])
    shown = officer.get(f"/compliance/archive/{message.pk}/").content.decode()
    assert "法律保全中：案一" in shown
    officer.post("/compliance/keeping/purges/", {"reason": "到期"})
    assert not PurgeRequest.objects.exists()
    officer.post(f"/compliance/keeping/holds/{hold.pk}/", {"reason": "结束"})
    officer.post(f"/compliance/keeping/holds/{hold.pk}/", {"reason": "我自己", "agree": "1"})
    hold.refresh_from_db()
    assert hold.state == "releasing"
    hq.post(f"/compliance/keeping/holds/{hold.pk}/", {"reason": "同意", "agree": "1"})
    officer.post("/compliance/keeping/purges/", {"reason": "到期"})
    request = PurgeRequest.objects.get()
    assert "应保存至" in hq.get(f"/compliance/keeping/purges/{request.pk}/").content.decode()
    hq.post(f"/compliance/keeping/purges/{request.pk}/", {"reason": "好", "agree": "1"})
    request.refresh_from_db()
    assert (request.state, request.approved_by) == ("running", cast.hq)


def test_a_branch_sees_its_own_holds_and_no_purges(talk: Chat, cast: Cast, sign_in: Any) -> None:
    sign_in(cast.officer).post(
        "/compliance/keeping/", {"matter": "北京的事", "reason": "r", "customer": "C00000001"}
    )
    assert "北京的事" in sign_in(cast.officer).get("/compliance/keeping/").content.decode()
    shanghai = sign_in(cast.officer_shanghai)
    assert "北京的事" not in shanghai.get("/compliance/keeping/").content.decode()
    hold = LegalHold.objects.get()
    denied = shanghai.post(f"/compliance/keeping/holds/{hold.pk}/", {"reason": "r"})
    assert denied.status_code == 404
    other = {"matter": "m", "reason": "r", "customer": "C00000003"}
    page = sign_in(cast.officer).post("/compliance/keeping/", other).content.decode()
    assert "不在您的机构范围内" in page
    sign_in(cast.officer).post("/compliance/keeping/purges/", {"reason": "到期"})
    assert not PurgeRequest.objects.exists()
