"""The page about tags: everyone's groups, head office's hands."""

import pytest

from contacts import services
from contacts.models import Tag, TagGroup, TagPush
from tests.factories.cast import Cast, befriend


@pytest.fixture
def group(cast: Cast) -> TagGroup:
    group = services.tag_group_create(name="客户兴趣", shared=False, actor=cast.hq)
    tag = services.tag_create(group=group, name="黄金", actor=cast.hq)
    services.customer_tag_add(customer=cast.wang, tag=tag, actor=cast.alice)
    return group


def test_admins_read_and_head_office_changes(cast: Cast, sign_in, group: TagGroup) -> None:
    tag = Tag.objects.get()
    for user in (cast.admin, cast.hq):
        page = sign_in(user).get("/tags/").content.decode()
        assert "客户兴趣" in page
        assert "1 位" in page
    assert "新建标签组" not in sign_in(cast.admin).get("/tags/").content.decode()
    assert sign_in(cast.alice).get("/tags/").status_code == 403
    assert sign_in(cast.admin).post(f"/tags/{tag.pk}/", {"name": "x"}).status_code == 403
    head = sign_in(cast.hq)
    head.post("/tags/new/", {"name": "风险偏好", "shared": "1"})
    head.post(f"/tags/groups/{group.pk}/", {"name": "基金"})
    head.post(f"/tags/{tag.pk}/", {"name": "实物黄金"})
    assert TagGroup.objects.get(name="风险偏好").shared
    assert set(group.tags.values_list("name", flat=True)) == {"基金", "实物黄金"}
    head.post(f"/tags/{tag.pk}/", {"action": "remove"})
    assert set(group.tags.live().values_list("name", flat=True)) == {"基金"}
    assert not cast.wang.customer_tags.exists()


def test_sharing_and_failures_are_shown(cast: Cast, sign_in, group: TagGroup) -> None:
    befriend(cast.wang)
    head = sign_in(cast.hq)
    head.post(f"/tags/groups/{group.pk}/", {"action": "share"})
    assert "待推送" in head.get("/tags/").content.decode()
    TagPush.objects.update(state="failed", error="标签名称重复。")
    page = head.get("/tags/").content.decode()
    assert "推送失败：标签名称重复。" in page
    head.post(f"/tags/pushes/{TagPush.objects.get().pk}/")
    assert TagPush.objects.get().state == "waiting"
    head.post(f"/tags/groups/{group.pk}/", {"action": "unshare"})
    assert not TagGroup.objects.get().shared


def test_names_are_checked(cast: Cast, sign_in, group: TagGroup) -> None:
    head = sign_in(cast.hq)
    head.post("/tags/new/", {"name": "客户兴趣"}, follow=True)
    head.post(f"/tags/groups/{group.pk}/", {"name": "黄金"})
    head.post(f"/tags/groups/{group.pk}/", {"name": "  "})
    assert (TagGroup.objects.count(), Tag.objects.count()) == (1, 1)
    Tag.objects.update(from_wecom=True)
    page = head.post(f"/tags/{Tag.objects.get().pk}/", {"name": "新名"}, follow=True)
    assert "只能在企业微信管理后台修改" in page.content.decode()
