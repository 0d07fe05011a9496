"""The pages of live codes: who sees which, what the editor keeps, what is refused and how."""

import datetime
import re

import pytest
from django.test import Client
from django.utils import timezone

from channels.codes import push, services
from channels.codes.drafts import GroupDraft
from channels.models import ContactWay, GroupCode
from contacts.models import GroupChat, GroupMember
from scrm.audit.models import AuditEvent
from scrm.core.errors import BusinessError
from tests.factories import cast as factory
from tests.factories import codes
from tests.factories.cast import Cast
from tests.factories.contacts import make_tag
from tests.factories.wecom import Corp


def form(cast: Cast, **changes: object) -> dict[str, object]:
    """What the browser posts for a code of alice and amy with one night shift."""
    alice, amy = cast.alice.pk, cast.amy.pk
    return {
        "name": "大堂码", "channel": "网点大堂", "purpose": "秋季活动", "branch": cast.beijing.pk,
        "daily_cap": "5", "skip_verify": "on", "is_exclusive": "on",
        "member": [alice, amy], "fallback": [amy], f"cap-{alice}": "2", f"cap-{amy}": "",
        "shift": ["1"], "days-1": ["0", "4"], "starts-1": "18:00", "ends-1": "09:00",
        "staff-1": [alice], **changes,
    }  # fmt: skip


def made(status: str = "pushed") -> None:
    """As if WeCom had made every code."""
    for way in ContactWay.objects.all():
        way.config_id, way.qr_code = f"config{way.pk}", f"https://wx.example/{way.pk}"
        way.push_state = status
        way.save()


def test_the_editor_stores_what_was_put_in(cast: Cast, sign_in) -> None:
    tag = make_tag("网点新客")
    answer = sign_in(cast.admin).post("/codes/new/", form(cast, tags=[tag.pk]))
    way = ContactWay.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/codes/{way.pk}/")
    assert (way.name, way.channel, way.purpose, way.daily_cap) == (
        "大堂码", "网点大堂", "秋季活动", 5,
    )  # fmt: skip
    rows = way.members.values_list("user__username", "daily_cap", "fallback")
    assert list(rows) == [("alice", 2, False), ("amy", None, True)]
    shift = way.shifts.get()
    assert (shift.weekdays, f"{shift.starts:%H:%M}", f"{shift.ends:%H:%M}") == (
        [0, 4],
        "18:00",
        "09:00",
    )
    assert [member.user for member in shift.members.all()] == [cast.alice]
    assert list(way.tags.all()) == [tag]
    assert len(way.channel_state) <= 30
    assert AuditEvent.objects.filter(action="code.create", object_id=str(way.pk)).count() == 1


def test_what_the_editor_shows_is_what_it_would_store_again(cast: Cast, sign_in) -> None:
    client = sign_in(cast.admin)
    client.post("/codes/new/", form(cast))
    way = ContactWay.objects.get()
    html = client.get(f"/codes/{way.pk}/edit/").content.decode()
    for piece in (f'name="cap-{cast.alice.pk}" value="2"', 'value="18:00"', 'value="09:00"'):
        assert piece in html
    client.post(f"/codes/{way.pk}/edit/", form(cast, name="新名", fallback=[cast.alice.pk]))
    way.refresh_from_db()
    assert way.name == "新名"
    assert way.members.get(fallback=True).user == cast.alice
    event = AuditEvent.objects.get(action="code.update")
    assert (event.before["名称"], event.after["名称"]) == ("大堂码", "新名")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"member": [], "shift": []}, "请至少选择一位接待成员"),
        ({"fallback": []}, "请至少指定一位兜底成员"),
        ({"days-1": []}, "第 1 个班次还没有选星期"),
        ({"staff-1": []}, "第 1 个班次还没有选成员"),
        ({"starts-1": "25:00"}, "第 1 个班次的起止时间没有填对"),
        ({"ends-1": ""}, "第 1 个班次的起止时间没有填对"),
        ({"name": "长" * 31}, "不超过 30"),
        ({"name": ""}, "必填"),
        ({"daily_cap": "0"}, "1。"),
    ],
)
def test_refusals_say_what_to_change(
    cast: Cast, sign_in, changes: dict[str, object], sentence: str
) -> None:
    answer = sign_in(cast.admin).post("/codes/new/", form(cast, **changes))
    assert answer.status_code == 422
    shown = re.findall(r"(?:invalid-feedback|alert-danger)[^>]*>([^<]*)<", answer.content.decode())
    assert len(shown) == 1 and sentence in shown[0], shown
    assert not ContactWay.objects.exists()


def test_a_cap_that_is_no_number_is_refused_by_name(cast: Cast, sign_in) -> None:
    changes = {f"cap-{cast.alice.pk}": "很多"}
    answer = sign_in(cast.admin).post("/codes/new/", form(cast, **changes))
    assert "陈静怡的每日上限要填整数" in answer.content.decode()


def test_the_largest_code_can_be_posted(cast: Cast, sign_in) -> None:
    crowd = [factory.user(f"rm{n}", f"经理{n}", "rm", cast.dongcheng) for n in range(98)]
    ids = [cast.alice.pk, cast.amy.pk, *(row.pk for row in crowd)]
    shifts: dict[str, object] = {}
    for key in range(1, 21):
        shifts |= {
            f"days-{key}": list(range(7)), f"starts-{key}": "00:00", f"ends-{key}": "00:00",
            f"staff-{key}": ids,
        }  # fmt: skip
    changes = {"member": ids, "fallback": ids, "shift": list(range(1, 21))} | shifts
    changes |= {f"cap-{pk}": "3" for pk in ids}
    answer = sign_in(cast.admin).post("/codes/new/", form(cast, **changes))
    assert answer.status_code == 302
    way = ContactWay.objects.get()
    assert (way.members.count(), way.shifts.count(), len(way.wanted["user"])) == (100, 20, 100)


@pytest.mark.parametrize("junk", ["x", "9" * 30, "9" * 5000, "-1", "", "１"])
def test_junk_in_the_form_is_no_crash(cast: Cast, sign_in, junk: str) -> None:
    client = sign_in(cast.admin)
    changes = {"member": [junk], "fallback": [junk], "shift": [junk, "1"], "days-1": [junk]}
    for act in ("add", "drop", "branch", "unshift", "nothing"):
        press(client, cast, f"{act}:{junk}", **changes)
    cap = client.post("/codes/new/", form(cast, **{f"cap-{cast.alice.pk}": junk}))
    assert cap.status_code in {302, 422}
    assert client.post("/codes/new/", form(cast, **changes)).status_code == 422


def test_nobody_outside_the_scope_gets_behind_a_code(cast: Cast, sign_in) -> None:
    bob = cast.bob.pk
    answer = sign_in(cast.admin).post("/codes/new/", form(cast, member=[bob], fallback=[bob]))
    assert answer.status_code == 422
    assert "刘洋" not in answer.content.decode()
    answer = sign_in(cast.admin).post("/codes/new/", form(cast, branch=cast.shanghai.pk))
    assert answer.status_code == 422
    assert not ContactWay.objects.exists()


def test_people_whom_head_office_named_survive_the_branchs_edit(cast: Cast, sign_in) -> None:
    way = codes.way(cast, cast.hq, members=codes.members(cast.alice, cast.bob))
    client = sign_in(cast.admin)
    assert "刘洋" in client.get(f"/codes/{way.pk}/edit/").content.decode()
    people = {"member": [cast.alice.pk, cast.bob.pk], "fallback": [cast.bob.pk], "shift": []}
    assert client.post(f"/codes/{way.pk}/edit/", form(cast, **people)).status_code == 302
    assert set(way.members.values_list("user__username", flat=True)) == {"alice", "bob"}


def press(client: Client, cast: Cast, act: str, **changes: object) -> str:
    answer = client.post("/codes/draft/", form(cast, do=act, **changes))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_draft_finds_adds_and_drops_people(cast: Cast, sign_in) -> None:
    client, nobody = sign_in(cast.admin), {"member": [], "fallback": [], "shift": []}
    found = press(client, cast, "", find="孙", **nobody)
    assert f'"add:{cast.amy.pk}"' in found
    hidden = press(client, cast, "", find="刘", **nobody)
    assert "没有找到" in hidden and f"add:{cast.bob.pk}" not in hidden
    added = press(client, cast, f"add:{cast.amy.pk}", **nobody)
    assert f'name="member" value="{cast.amy.pk}"' in added
    assert f'name="fallback" value="{cast.amy.pk}" checked' in added
    branch = press(client, cast, f"branch:{cast.beijing.pk}", **nobody)
    assert "陈静怡" in branch and "孙悦" in branch
    assert "刘洋" not in press(client, cast, f"add:{cast.bob.pk}", **nobody)
    dropped = press(client, cast, f"drop:{cast.amy.pk}")
    assert f'name="member" value="{cast.amy.pk}"' not in dropped
    assert not ContactWay.objects.exists()


def test_the_draft_adds_and_removes_shifts(cast: Cast, sign_in) -> None:
    client = sign_in(cast.admin)
    assert 'name="starts-2" value="09:00"' in press(client, cast, "shift")
    assert 'name="starts-1"' not in press(client, cast, "unshift:1")


def test_the_draft_tells_who_would_be_on(cast: Cast, sign_in, monkeypatch) -> None:
    friday = datetime.datetime(2026, 11, 27, 12, tzinfo=datetime.UTC)  # 20:00 in China
    monkeypatch.setattr("django.utils.timezone.now", lambda: friday)
    html = press(sign_in(cast.admin), cast, "")
    assert "20:00–09:00" in html and "明天 09:00–20:00" in html
    now, rest = html.split("20:00–09:00")[1].split("明天 09:00–20:00")
    assert "陈静怡" in now and "现在" in now
    assert "孙悦" in rest and "兜底" in rest


def test_each_sees_the_codes_of_their_scope(cast: Cast, sign_in) -> None:
    people = codes.members(cast.bob)
    north = codes.way(cast, name="北京码")
    south = codes.way(cast, cast.hq, name="上海码", branch=cast.shanghai, members=people)
    made()
    seen = {
        cast.admin: [north], cast.admin_shanghai: [south], cast.hq: [north, south],
        cast.auditor: [north, south], cast.alice: [north], cast.bob: [south],
    }  # fmt: skip
    for user, visible in seen.items():
        client = sign_in(user)
        html = client.get("/codes/").content.decode()
        for way in (north, south):
            there = way in visible
            assert (way.name in html) == there, (user, way)
            for page in ("", "qr/", "poster/"):
                status = client.get(f"/codes/{way.pk}/{page}").status_code
                assert status == (200 if there else 404), (user, way, page)
    assert sign_in(cast.officer).get("/codes/").status_code == 403
    shift = codes.way(cast, name="别人的码", members=codes.members(cast.amy))
    assert sign_in(cast.alice).get(f"/codes/{shift.pk}/").status_code == 404


def test_who_may_only_read_changes_nothing(cast: Cast, sign_in) -> None:
    way = codes.way(cast)
    for user in (cast.alice, cast.auditor):
        for act in ("pause", "resume", "delete", "push"):
            assert sign_in(user).post(f"/codes/{way.pk}/{act}/").status_code == 403
    for act in ("pause", "resume", "delete", "push"):
        assert sign_in(cast.admin_shanghai).post(f"/codes/{way.pk}/{act}/").status_code == 404
    way.refresh_from_db()
    assert way.state == "active"


def test_a_manager_reads_only_their_own_line(cast: Cast, sign_in) -> None:
    way = codes.way(cast)
    codes.came(way, cast.alice, "wm1")
    codes.came(way, cast.amy, "wm2")
    made()
    mine = sign_in(cast.alice).get(f"/codes/{way.pk}/")
    assert [row.user for row in mine.context["shares"]] == [cast.alice]
    everybodys = sign_in(cast.admin).get(f"/codes/{way.pk}/")
    assert {row.user for row in everybodys.context["shares"]} == {cast.alice, cast.amy}


def test_numbers_of_a_code(cast: Cast, sign_in) -> None:
    now = timezone.now()
    way, other = codes.way(cast), codes.way(cast)
    codes.came(way, cast.alice, "wm1", now)
    codes.came(way, cast.bob, "wm2", now - datetime.timedelta(days=3), "deleted_by_customer")
    codes.came(other, cast.alice, "wm3", now)
    answer = sign_in(cast.hq).get(f"/codes/{way.pk}/")
    tally = answer.context["card"].tally
    assert (tally.today, tally.total, tally.kept) == (1, 2, 1)
    former = [row for row in answer.context["shares"] if row.member is None]
    assert [row.user for row in former] == [cast.bob]
    kept, lost = (series["data"] for series in answer.context["chart"]["series"])
    assert (len(kept), sum(kept), sum(lost), lost[-4]) == (30, 1, 1, 1)


def test_pause_resume_and_delete_by_button(cast: Cast, sign_in) -> None:
    way, client = codes.way(cast), sign_in(cast.admin)
    for act, state in (("pause", "paused"), ("resume", "active"), ("delete", "deleted")):
        client.post(f"/codes/{way.pk}/{act}/")
        way.refresh_from_db()
        assert way.state == state
    assert client.get(f"/codes/{way.pk}/edit/").status_code == 404
    assert "大堂活码" not in client.get("/codes/").content.decode()
    assert "大堂活码" in client.get("/codes/?state=deleted").content.decode()
    answer = client.post(f"/codes/{way.pk}/resume/", follow=True)
    assert "已经删除" in answer.content.decode()


def test_the_poster_is_a_closed_picture_with_the_codes_title(
    cast: Cast, corp: Corp, sign_in
) -> None:
    way = codes.way(cast, name="<大堂> & 码")
    push.push_due()
    push.pictures_due()
    answer = sign_in(cast.admin).get(f"/codes/{way.pk}/poster/")
    body = answer.content.decode()
    assert answer["Content-Type"] == "image/svg+xml"
    assert "attachment" in answer["Content-Disposition"]
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "&lt;大堂&gt; &amp; 码" in body and "北京分行" in body
    assert 'href="data:image/svg+xml;base64,' in body


def test_a_code_without_a_picture_yet_shows_one_of_its_address(cast: Cast, sign_in) -> None:
    way, client = codes.way(cast), sign_in(cast.admin)
    assert client.get(f"/codes/{way.pk}/qr/").status_code == 404
    made()
    answer = client.get(f"/codes/{way.pk}/qr/")
    assert answer["Content-Type"] == "image/svg+xml"
    assert b"<svg" in answer.content


def test_the_card_shows_what_is_wrong(cast: Cast, sign_in) -> None:
    way = codes.way(cast)
    made("gone")
    ContactWay.objects.update(push_error="企业微信里已没有这个活码。")
    client = sign_in(cast.admin)
    assert "企业微信里已没有这个活码" in client.get("/codes/").content.decode()
    html = client.get(f"/codes/{way.pk}/").content.decode()
    assert "重新创建" in html
    assert "重新创建" not in sign_in(cast.alice).get(f"/codes/{way.pk}/").content.decode()


def test_empty_pages_help(cast: Cast, sign_in) -> None:
    assert "还没有活码" in sign_in(cast.admin).get("/codes/").content.decode()
    assert "管理员把您加为" in sign_in(cast.alice).get("/codes/").content.decode()
    assert "没有符合条件" in sign_in(cast.admin).get("/codes/?q=没有").content.decode()
    assert "还没有群活码" in sign_in(cast.admin).get("/codes/groups/").content.decode()


def group_form(cast: Cast, *chats: GroupChat, **changes: object) -> dict[str, object]:
    return {
        "name": "沙龙群码", "branch": cast.beijing.pk, "chats": [chat.pk for chat in chats],
        "auto_create_room": "on", "room_base_name": "财富沙龙", "room_base_id": "3", **changes,
    }  # fmt: skip


def test_group_codes_are_stored_and_scoped(cast: Cast, sign_in) -> None:
    client, chats = sign_in(cast.admin), [codes.chat(cast.alice, f"wr{n}") for n in (1, 2)]
    assert client.post("/codes/groups/new/", group_form(cast, *chats)).status_code == 302
    code = GroupCode.objects.get()
    assert (code.chat_ids, code.room_base_id) == (["wr1", "wr2"], 3)
    client.post(f"/codes/groups/{code.pk}/edit/", group_form(cast, chats[0], name="新群码"))
    code.refresh_from_db()
    assert (code.name, code.chat_ids) == ("新群码", ["wr1"])
    assert "新群码" in sign_in(cast.auditor).get("/codes/groups/").content.decode()
    other = sign_in(cast.admin_shanghai)
    assert "新群码" not in other.get("/codes/groups/").content.decode()
    assert other.get(f"/codes/groups/{code.pk}/edit/").status_code == 404
    assert other.post(f"/codes/groups/{code.pk}/delete/").status_code == 404
    client.post(f"/codes/groups/{code.pk}/delete/")
    assert "新群码" not in client.get("/codes/groups/").content.decode()


@pytest.mark.parametrize(
    ("count", "changes", "sentence"),
    [
        (6, {}, "最多 5 个客户群，现在有 6 个"),
        (0, {}, "请至少选择一个客户群"),
        (1, {"room_base_name": ""}, "自动建新群需要填写新群名"),
    ],
)
def test_group_refusals(
    cast: Cast, sign_in, count: int, changes: dict[str, object], sentence: str
) -> None:
    chats = [codes.chat(cast.alice, f"wr{number}") for number in range(count)]
    answer = sign_in(cast.admin).post("/codes/groups/new/", group_form(cast, *chats, **changes))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_nobody_leads_customers_into_groups_of_another_branch(cast: Cast, sign_in) -> None:
    theirs, ours = codes.chat(cast.bob, "wr1", "上海沙龙"), codes.chat(cast.alice, "wr2")
    client = sign_in(cast.admin)
    assert "上海沙龙" not in client.get("/codes/groups/new/").content.decode()
    answer = client.post("/codes/groups/new/", group_form(cast, theirs, ours))
    assert answer.status_code == 422
    draft = GroupDraft("群码", cast.beijing, ("wr1",), auto_create_room=False)
    with pytest.raises(BusinessError, match="不在您的管理范围内"):
        services.group_code_create(draft=draft, actor=cast.admin)
    assert not GroupCode.objects.exists()


def test_who_entered_through_a_group_code_is_counted(cast: Cast, sign_in) -> None:
    chat, now = codes.chat(cast.alice, "wr1"), timezone.now()
    draft = GroupDraft("群码", cast.beijing, ("wr1",), auto_create_room=False)
    code = services.group_code_create(draft=draft, actor=cast.admin)
    for number, kind, left in ((1, "external", None), (2, "external", now), (3, "employee", None)):
        GroupMember.objects.create(
            chat=chat, member_id=f"wm{number}", kind=kind, joined_at=now, left_at=left,
            channel_state=code.channel_state,
        )  # fmt: skip
    (card,) = sign_in(cast.admin).get("/codes/groups/").context["cards"]
    assert (card.tally.today, card.tally.total, card.tally.kept) == (2, 2, 1)
    assert card.chats == ["财富沙龙"]
