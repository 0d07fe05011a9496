"""Materials and the rules that attach them, as people see them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from campaigns.models import Material, WelcomeAttachment, WelcomeRule
from campaigns.welcome import services
from channels.media import uploads
from channels.models import MediaUpload
from compliance.models import Review
from scrm.audit.models import AuditEvent
from scrm.core.errors import BusinessError
from tests.factories import material as factory
from tests.factories import welcome as greetings
from tests.factories.cast import Cast
from tests.factories.wecom import Corp

URL, RULES = "/campaigns/materials/", "/campaigns/welcome/"


def _form(**changed: object) -> dict[str, object]:
    name, content = factory.FILES["image"]
    facts = {
        "kind": "image",
        "title": "春季海报",
        "file": SimpleUploadedFile(name, content),
        "valid_until": timezone.localdate().isoformat(),
    }
    return {**facts, **changed}


def test_upload_review_attach_withdraw(cast: Cast, sign_in) -> None:
    admin: Client = sign_in(cast.admin)
    assert "还没有附件" in admin.get(URL).content.decode()
    assert admin.post(f"{URL}new/", _form()).status_code == 302
    material = Material.objects.get()
    assert "审批中" in admin.get(URL).content.decode()
    review = Review.objects.get(kind="material")
    officer: Client = sign_in(cast.officer)
    page = officer.get(f"/compliance/reviews/{review.pk}/").content.decode()
    assert f"{URL}{material.pk}/file/" in page
    picture = officer.get(f"{URL}{material.pk}/file/")
    assert (picture.content, picture["Content-Type"]) == (factory.FILES["image"][1], "image/png")
    assert "sandbox" in picture["Content-Security-Policy"]
    officer.post(f"/compliance/reviews/{review.pk}/decide/", {"decision": "approve"})
    version = greetings.version(cast)
    form = {"branch": cast.beijing.pk, "version": version.pk, "materials": ["", material.pk]}
    assert admin.post(f"{RULES}new/", form).status_code == 302
    page = admin.get(RULES).content.decode()
    assert "春季海报" in page
    assert "一分钟内完成" in page
    admin.post(f"{URL}{material.pk}/withdraw/")
    assert "「春季海报」已撤回，不会随附。" in admin.get(RULES).content.decode()
    actions = AuditEvent.objects.filter(action__startswith="material.").order_by("pk")
    assert [row.action for row in actions] == ["material.create", "material.withdraw"]


def test_the_order_of_the_places_is_kept(cast: Cast, sign_in) -> None:
    first, second = factory.material(cast), factory.material(cast, "file")
    version, client = greetings.version(cast), sign_in(cast.admin)
    form = {"branch": cast.beijing.pk, "version": version.pk}
    client.post(f"{RULES}new/", {**form, "materials": [second.pk, "", first.pk, second.pk]})
    rule = WelcomeRule.objects.get()
    assert [row.material for row in rule.attachments.all()] == [second, first]
    client.post(f"{RULES}{rule.pk}/", {**form, "materials": [first.pk]})
    assert [row.material for row in rule.attachments.all()] == [first]


def test_the_preview_says_what_would_not_arrive(cast: Cast, sign_in, corp: Corp) -> None:
    material, version = factory.material(cast), greetings.version(cast)
    client, asked = sign_in(cast.admin), {"version": version.pk, "materials": material.pk}
    page = client.get(f"{RULES}preview/", asked).content.decode()
    assert f"{URL}{material.pk}/file/" in page
    assert "保存后上传" in page
    factory.rule(cast, material)
    uploads.refresh_due()
    assert "保存后上传" not in client.get(f"{RULES}preview/", asked).content.decode()
    MediaUpload.objects.update(expires_at=None, error="文件大小不合规。")
    assert "文件大小不合规" in client.get(f"{RULES}preview/", asked).content.decode()


def test_a_greeting_that_lost_an_attachment_stands_on_the_page(
    cast: Cast, sign_in, corp: Corp
) -> None:
    from channels.outbox import welcomes

    factory.rule(cast, factory.material(cast))
    greetings.befriend(corp)
    welcomes.send_due()
    page = sign_in(cast.hq).get("/connection/").content.decode()
    assert "「图片一」还没有上传到企业微信" in page


def test_nine_with_the_card_of_the_link_and_no_more(cast: Cast) -> None:
    nine = [factory.material(cast, title=f"图{n}") for n in range(9)]
    assert factory.rule(cast, *nine).attachments.count() == 9
    WelcomeRule.objects.update(is_active=False)
    with pytest.raises(BusinessError, match="最多 9 个"):
        factory.rule(cast, *nine, link="https://bank.example/m/1")
    assert WelcomeAttachment.objects.count() == 9


def test_only_approved_materials_in_sight_may_be_attached(cast: Cast, sign_in) -> None:
    waiting = factory.material(cast, approved=False)
    foreign = factory.material(cast, "file", actor=cast.admin_shanghai)
    for material in (waiting, foreign):
        with pytest.raises(BusinessError, match="已过审"):
            factory.rule(cast, material)
        form = {"branch": cast.beijing.pk, "version": greetings.version(cast).pk}
        page = sign_in(cast.admin).post(f"{RULES}new/", {**form, "materials": [material.pk]})
        assert page.status_code == 200
    assert not WelcomeRule.objects.exists()


def test_others_materials_are_hidden_and_higher_ones_not_withdrawn(cast: Cast, sign_in) -> None:
    ours = factory.material(cast, title="北京的图")
    above = factory.material(cast, "file", actor=cast.hq, title="总行的文件")
    page = sign_in(cast.admin).get(URL).content.decode()
    assert "北京的图" in page
    assert "总行的文件" in page
    assert sign_in(cast.admin).post(f"{URL}{above.pk}/withdraw/").status_code == 403
    other = sign_in(cast.admin_shanghai)
    assert "北京的图" not in other.get(URL).content.decode()
    assert other.get(f"{URL}{ours.pk}/file/").status_code == 404
    assert other.post(f"{URL}{ours.pk}/withdraw/").status_code == 404
    assert sign_in(cast.alice).get(f"{URL}{ours.pk}/file/").status_code == 403


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"file": SimpleUploadedFile("a.png", b"<html>" * 9)}, "这不是JPG 或 PNG 图片"),
        ({"kind": "miniprogram"}, "AppID"),
        ({"title": "保本保息，稳赚不赔，放心买"}, "禁止内容"),
        ({"valid_until": "2020-01-01"}, "有效期"),
    ],
)
def test_a_refusal_is_said_in_the_form(cast: Cast, sign_in, changed: dict, word: str) -> None:
    page = sign_in(cast.admin).post(f"{URL}new/", _form(**changed))
    assert page.status_code == 200
    assert word in page.content.decode()
    assert not Material.objects.exists()


def test_documents_are_saved_not_opened(cast: Cast, sign_in) -> None:
    material = factory.material(cast, "file")
    answer = sign_in(cast.officer).get(f"{URL}{material.pk}/file/")
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert services.MOST_ATTACHMENTS == 9
