"""Attachments of greetings: uploaded ahead, renewed in time, left out rather than waited for."""

import datetime

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from campaigns.library import materials
from campaigns.models import Material
from channels import tasks
from channels.media import files, uploads
from channels.models import MediaFile, MediaUpload, Welcome
from channels.outbox import welcomes
from channels.providers.wecom.api.media import MediaFiles
from scrm.core.errors import BusinessError
from tests.factories import material as factory
from tests.factories import welcome as greetings
from tests.factories.cast import Cast
from tests.factories.wecom import Corp

SEND, UPLOAD = "externalcontact/send_welcome_msg", "media/upload"
HELLO = "您好，我是东城支行的陈静怡，很高兴认识您。"


def _calls(corp: Corp, path: str) -> int:
    return corp.get("stats")["calls"].get(path, 0)


def _kinds(corp: Corp, row: Welcome) -> list[str]:
    rows = corp.get("messages", external_userid=row.external_userid)["messages"]
    return [one["msgtype"] for one in rows if one["from"] != row.external_userid]


def _greeted(corp: Corp) -> Welcome:
    row = greetings.befriend(corp)
    welcomes.send_due()
    row.refresh_from_db()
    return row


def test_every_kind_goes_along_in_its_order(cast: Cast, corp: Corp) -> None:
    kinds = ["file", "image", "miniprogram", "video"]
    rule = factory.rule(
        cast, *(factory.material(cast, kind) for kind in kinds), link="https://bank.example/m/1"
    )
    assert tasks.media_refresh() == 4
    row = _greeted(corp)
    assert (row.state, row.reason) == ("sent", "")
    assert _kinds(corp, row) == ["text", "file", "image", "weapp", "video", "link"]
    assert row.clearance_rules["parts"] == ",".join(
        f"material:{one.material_id}" for one in rule.attachments.all()
    )


def test_nothing_is_uploaded_while_a_code_waits(cast: Cast, corp: Corp) -> None:
    factory.rule(cast, factory.material(cast, "image"), factory.material(cast, "file"))
    row = _greeted(corp)
    assert _kinds(corp, row) == ["text"]
    assert row.state == "sent"
    assert "「图片一」还没有上传到企业微信" in row.reason
    assert "「文件一」还没有上传到企业微信" in row.reason
    assert _calls(corp, UPLOAD) == 0


def test_copies_are_renewed_before_they_die(cast: Cast, corp: Corp, settings: Settings) -> None:
    factory.rule(cast, factory.material(cast))
    assert uploads.refresh_due() == 1
    assert uploads.refresh_due() == 0
    copy = MediaUpload.objects.get()
    life = copy.expires_at - timezone.now()
    assert datetime.timedelta(hours=71) < life <= datetime.timedelta(hours=72)
    soon = timezone.now() + datetime.timedelta(hours=settings.WECOM_MEDIA_RENEW_HOURS - 1)
    MediaUpload.objects.update(expires_at=soon)
    assert uploads.refresh_due() == 1
    assert MediaUpload.objects.get().media_id != copy.media_id


def test_what_nobody_uses_is_not_uploaded(cast: Cast, corp: Corp) -> None:
    unused, used = factory.material(cast), factory.material(cast, "file")
    rule = factory.rule(cast, used)
    uploads.refresh_due()
    assert [row.file_id for row in MediaUpload.objects.all()] == [used.file_id]
    assert unused.file_id != used.file_id
    rule.is_active = False
    rule.save()
    MediaUpload.objects.update(expires_at=None)
    assert uploads.refresh_due() == 0


def test_a_copy_that_wecom_forgot_falls_back_to_the_text(cast: Cast, corp: Corp) -> None:
    factory.rule(cast, factory.material(cast), link="https://bank.example/m/1")
    uploads.refresh_due()
    corp.post("clock", {"advance": 4 * 86_400})
    row = greetings.befriend(corp)
    Welcome.objects.update(deadline=timezone.now() + datetime.timedelta(seconds=20))
    welcomes.send_due()
    row.refresh_from_db()
    assert _kinds(corp, row) == ["text", "link"]
    assert row.state == "sent"
    assert "附件被企业微信拒绝" in row.reason
    assert _calls(corp, SEND) == 2
    # The copy is not trusted again, and is made anew by the next round.
    assert MediaUpload.objects.get().expires_at is None
    assert uploads.refresh_due() == 1
    assert _kinds(corp, _greeted(corp)) == ["text", "image", "link"]


def test_a_miniprogram_that_is_not_bound_costs_only_itself(cast: Cast, corp: Corp) -> None:
    factory.rule(cast, factory.material(cast, "miniprogram"))
    uploads.refresh_due()
    corp.fault("errcode", match=SEND, value=90207)
    row = _greeted(corp)
    assert _kinds(corp, row) == ["text"]
    assert "小程序没有与企业关联" in row.reason
    assert MediaUpload.objects.get().expires_at is not None


def test_an_upload_that_fails_is_tried_later_and_says_why(cast: Cast, corp: Corp) -> None:
    factory.rule(cast, factory.material(cast))
    corp.fault("errcode", match=UPLOAD, value=40006)
    assert uploads.refresh_due() == 0
    copy = MediaUpload.objects.get()
    assert (copy.attempts, copy.error) == (1, "文件大小不合规。")
    assert uploads.refresh_due() == 0  # its pause is not over
    MediaUpload.objects.update(next_attempt_at=timezone.now())
    assert uploads.refresh_due() == 1
    copy.refresh_from_db()
    assert (copy.attempts, copy.error) == (0, "")


def test_two_workers_upload_a_file_once(cast: Cast, corp: Corp, monkeypatch) -> None:
    factory.rule(cast, factory.material(cast))
    real = MediaFiles.upload

    def upload(self: MediaFiles, kind: str, file: object) -> str:
        monkeypatch.setattr(MediaFiles, "upload", real)
        assert uploads.refresh_due() == 0  # the other worker, in the middle of our call
        return real(self, kind, file)

    monkeypatch.setattr(MediaFiles, "upload", upload)
    assert uploads.refresh_due() == 1
    assert _calls(corp, UPLOAD) == 1


# The gate


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"state": "withdrawn"}, "内容审批"),
        ({"title": "换了标题"}, "审批后有改动"),
        ({"valid_until": datetime.date(2020, 1, 1)}, "内容审批"),
    ],
)
def test_an_attachment_that_is_no_longer_approved_stays_behind(
    cast: Cast, corp: Corp, change: dict, word: str
) -> None:
    bad, good = factory.material(cast), factory.material(cast, "file")
    factory.rule(cast, bad, good)
    uploads.refresh_due()
    Material.objects.filter(pk=bad.pk).update(**change)
    row = _greeted(corp)
    assert _kinds(corp, row) == ["text", "file"]
    assert row.state == "sent"
    assert word in row.reason
    assert row.clearance_rules["parts"] == f"material:{good.pk}"


def test_other_bytes_under_an_approved_material_are_noticed(cast: Cast, corp: Corp) -> None:
    approved = factory.material(cast)
    factory.rule(cast, approved)
    other = files.file_keep(kind="image", name="别的.png", content=factory.FILES["miniprogram"][1])
    Material.objects.filter(pk=approved.pk).update(file=other)
    uploads.refresh_due()
    row = _greeted(corp)
    assert _kinds(corp, row) == ["text"]
    assert "审批后有改动" in row.reason


def test_a_text_that_may_not_go_takes_its_attachments_along(cast: Cast, corp: Corp) -> None:
    rule = factory.rule(cast, factory.material(cast))
    uploads.refresh_due()
    type(rule.version).objects.filter(pk=rule.version_id).update(body="改过了")
    row = _greeted(corp)
    assert row.state == "skipped"
    assert _calls(corp, SEND) == 0


# Files


@pytest.mark.parametrize(
    ("kind", "name", "content", "word"),
    [
        ("image", "a.png", b"<svg onload=alert(1)>", "JPG 或 PNG"),
        ("image", "a.png", b"\x89PNG\r\n\x1a\n" + b"0" * 10 * 1024 * 1024, "10 MB"),
        ("file", "a.exe", b"MZ" + b"0" * 90, "PDF"),
        ("file", "a.pdf", b"PK" + b"0" * 90, "PDF"),
        ("video", "a.mp4", b"0" * 90, "MP4"),
    ],
)
def test_what_wecom_would_refuse_is_refused_here(
    db: None, kind: str, name: str, content: bytes, word: str
) -> None:
    with pytest.raises(BusinessError, match=word):
        files.file_keep(kind=kind, name=name, content=content)
    assert not MediaFile.objects.exists()


def test_the_same_bytes_are_kept_once_under_a_harmless_name(db: None) -> None:
    name, content = "..\\..\\月度\n报告.pdf", factory.PDF
    first = files.file_keep(kind="file", name=name, content=content)
    assert files.file_keep(kind="file", name=name, content=content) == first
    assert first.name == "月度报告.pdf"
    renamed = files.file_keep(kind="file", name="另一份.pdf", content=content)
    assert renamed.digest != first.digest  # customers read the name, so it is approved too


@pytest.mark.parametrize(
    "changed",
    [{"appid": ""}, {"page": ""}, {"title": "很" * 22}, {"valid_until": datetime.date(2020, 1, 1)}],
)
def test_an_incomplete_card_is_refused(cast: Cast, changed: dict) -> None:
    with pytest.raises(BusinessError):
        materials.material_create(draft=factory.draft("miniprogram", **changed), actor=cast.admin)
    assert not Material.objects.exists()
