"""What WeCom ends up with, whatever happens on the way."""

import datetime

import pytest
from django.utils import timezone

from channels.codes import arrivals, push, services
from channels.codes.drafts import GroupDraft
from channels.models import Code, ContactWay, GroupCode
from channels.providers.base import ProviderError
from channels.providers.wecom.api import wecom
from scrm.core.errors import BusinessError
from tests.factories import codes
from tests.factories.cast import Cast
from tests.factories.wecom import Corp

ADD = "externalcontact/add_contact_way"
UPDATE = "externalcontact/update_contact_way"


def settle(code: Code) -> None:
    push.push_due()
    code.refresh_from_db()


def later(code: Code, seconds: int = 0) -> None:
    """As if that time had passed since the last try."""
    past = timezone.now() - datetime.timedelta(seconds=seconds)
    rows = type(code).objects.filter(pk=code.pk)
    rows.update(push_at=timezone.now())
    if seconds:
        rows.update(adding_since=past)


def at_wecom() -> list[dict]:
    return [wecom().contact_ways.one(config_id) for config_id in wecom().contact_ways.ids()]


def test_a_new_code_is_made_with_its_people(cast: Cast, corp: Corp) -> None:
    way = codes.way(cast)
    settle(way)
    (there,) = at_wecom()
    assert there["user"] == ["alice", "amy"]
    assert (there["state"], there["remark"], there["type"]) == (way.channel_state, "大堂活码", 2)
    assert (way.push_state, way.push_at, way.push_error) == ("pushed", None, "")
    assert (way.config_id, way.qr_code) == (there["config_id"], there["qr_code"])
    assert way.pushed == way.wanted


def test_only_differences_are_pushed(cast: Cast, corp: Corp) -> None:
    way = codes.way(cast)
    settle(way)
    arrivals.refresh_all()
    assert push.push_due() == 0
    services.contact_way_update(way=way, draft=codes.draft(cast, name="新大堂"), actor=cast.admin)
    settle(way)
    assert [row["remark"] for row in at_wecom()] == ["新大堂"]
    assert corp.get("stats")["calls"][UPDATE] == 1


def test_pausing_leaves_the_fallback_and_resuming_brings_the_others_back(
    cast: Cast, corp: Corp
) -> None:
    way = codes.way(cast)
    settle(way)
    services.contact_way_pause(way=way, actor=cast.admin)
    settle(way)
    assert at_wecom()[0]["user"] == ["amy"]
    services.contact_way_resume(way=way, actor=cast.admin)
    settle(way)
    assert at_wecom()[0]["user"] == ["alice", "amy"]


def test_deleting_ends_the_code_at_wecom_too(cast: Cast, corp: Corp) -> None:
    way = codes.way(cast)
    settle(way)
    services.contact_way_delete(way=way, actor=cast.admin)
    settle(way)
    assert at_wecom() == []
    with pytest.raises(BusinessError, match="已经删除"):
        services.contact_way_delete(way=way, actor=cast.admin)


def test_deleting_what_wecom_no_longer_has_is_done(cast: Cast, corp: Corp) -> None:
    way = codes.way(cast)
    settle(way)
    wecom().contact_ways.delete(way.config_id)
    services.contact_way_delete(way=way, actor=cast.admin)
    settle(way)
    assert (way.push_state, way.push_at) == ("pushed", None)


def test_an_answer_that_never_came_is_looked_up(cast: Cast, corp: Corp) -> None:
    corp.fault("drop_after", ADD)
    way = codes.way(cast)
    settle(way)
    assert (way.push_state, way.config_id) == ("uncertain", "")
    assert len(at_wecom()) == 1
    later(way)
    settle(way)
    (there,) = at_wecom()
    assert (way.push_state, way.config_id) == ("pushed", there["config_id"])
    assert way.pushed == way.wanted


def test_a_request_that_never_arrived_is_made_again_only_after_a_while(
    cast: Cast, corp: Corp
) -> None:
    corp.fault("drop_before", ADD)
    way = codes.way(cast)
    settle(way)
    assert way.push_state == "uncertain"
    later(way)
    settle(way)
    assert (way.push_state, at_wecom()) == ("uncertain", [])
    assert "核实" in way.push_error
    later(way, seconds=120)
    settle(way)
    assert (way.push_state, len(at_wecom())) == ("pushed", 1)


def test_a_worker_killed_while_asking_leaves_no_second_code(cast: Cast, corp: Corp) -> None:
    way = codes.way(cast)
    # What the killed worker had committed, and what WeCom did meanwhile.
    ContactWay.objects.update(adding_since=timezone.now())
    wecom().contact_ways.add(2, 2, {"user": ["alice"], "state": way.channel_state})
    settle(way)
    (there,) = at_wecom()
    assert way.config_id == there["config_id"]
    assert there["user"] == ["alice", "amy"]


def test_a_trouble_while_looking_does_not_make_a_second_code(cast: Cast, corp: Corp) -> None:
    corp.fault("drop_after", ADD)
    way = codes.way(cast)
    settle(way)
    corp.fault("errcode", "externalcontact/list_contact_way", -1, times=3)
    later(way, seconds=120)
    settle(way)
    assert (way.push_state, len(at_wecom())) == ("uncertain", 1)
    later(way, seconds=120)
    settle(way)
    assert (way.push_state, len(at_wecom())) == ("pushed", 1)


@pytest.mark.parametrize(
    ("kind", "value", "state", "words"),
    [
        ("errcode", -1, "waiting", "繁忙"),
        ("errcode", 48002, "failed", "可调用接口的应用"),
        ("errcode", 41054, "failed", "实名"),
    ],
)
def test_a_refusal_is_told_and_tried_again(
    cast: Cast, corp: Corp, kind: str, value: int | None, state: str, words: str
) -> None:
    corp.fault(kind, ADD, value)
    way = codes.way(cast)
    settle(way)
    assert (way.push_state, way.adding_since, way.config_id) == (state, None, "")
    assert words in way.push_error
    assert way.push_at > timezone.now()
    services.code_push_again(code=way, actor=cast.admin)
    settle(way)
    assert (way.push_state, way.push_error, len(at_wecom())) == ("pushed", "", 1)


def test_a_frequency_limit_is_waited_out(cast: Cast, corp: Corp) -> None:
    corp.fault("rate", ADD)
    way = codes.way(cast)
    settle(way)
    assert (way.push_state, way.adding_since) == ("waiting", None)
    assert way.push_at > timezone.now() + datetime.timedelta(seconds=50)


def test_an_update_without_an_answer_is_repeated(cast: Cast, corp: Corp) -> None:
    way = codes.way(cast)
    settle(way)
    corp.fault("drop_after", UPDATE)
    services.contact_way_pause(way=way, actor=cast.admin)
    settle(way)
    assert way.push_state == "waiting"
    later(way)
    settle(way)
    assert (way.push_state, at_wecom()[0]["user"]) == ("pushed", ["amy"])


def test_a_code_that_wecom_lost_is_shown_and_mended_by_a_person(cast: Cast, corp: Corp) -> None:
    way = codes.way(cast)
    settle(way)
    old = way.config_id
    wecom().contact_ways.delete(old)
    services.contact_way_pause(way=way, actor=cast.admin)
    settle(way)
    assert (way.push_state, way.push_at) == ("gone", None)
    assert "重新创建" in way.push_error
    services.code_push_again(code=way, actor=cast.admin)
    settle(way)
    assert way.push_state == "pushed"
    assert [row["config_id"] for row in at_wecom()] == [way.config_id] != [old]


def test_what_is_wanted_while_the_push_is_on_its_way_is_not_forgotten(
    cast: Cast, corp: Corp, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = codes.way(cast)
    original = push._add

    def slow(*args: object) -> None:
        services.contact_way_pause(way=way, actor=cast.admin)
        original(*args)

    monkeypatch.setattr(push, "_add", slow)
    settle(way)
    assert (way.push_state, at_wecom()[0]["user"]) == ("pushed", ["amy"])


def test_the_picture_of_the_code_is_kept(cast: Cast, corp: Corp) -> None:
    way = codes.way(cast)
    settle(way)
    assert way.picture_type == "image/svg+xml"
    assert b"<svg" in bytes(way.picture)
    assert push.pictures_due() == 0


def test_pictures_that_did_not_come_are_fetched_later(cast: Cast, corp: Corp) -> None:
    ways = [codes.way(cast) for _ in range(3)]
    push.push_due()
    ContactWay.objects.update(picture=None)
    assert push.pictures_due() == 3
    ContactWay.objects.update(picture=None, qr_code="http://127.0.0.1:9/qr.png")
    assert push.pictures_due() == 0
    ways[0].refresh_from_db()
    assert (ways[0].push_state, ways[0].picture) == ("pushed", None)


def group(cast: Cast, corp: Corp) -> GroupCode:
    chat = corp.act("group_create", owner="alice", name="财富沙龙", members=[])["chat_id"]
    codes.chat(cast.alice, chat)
    draft = GroupDraft("沙龙群码", cast.beijing, (chat,), room_base_name="财富沙龙")
    return services.group_code_create(draft=draft, actor=cast.admin)


def test_a_group_code_is_made_changed_and_deleted(cast: Cast, corp: Corp) -> None:
    code = group(cast, corp)
    settle(code)
    there = wecom().groups.join_way(code.config_id)
    assert there["qr_code"] == code.qr_code
    assert (there["state"], there["chat_id_list"]) == (code.channel_state, code.chat_ids)
    draft = GroupDraft("改名", cast.beijing, tuple(code.chat_ids), auto_create_room=False)
    services.group_code_update(code=code, draft=draft, actor=cast.admin)
    settle(code)
    there = wecom().groups.join_way(code.config_id)
    # A full overwrite: the state must have survived it.
    assert (there["remark"], there["auto_create_room"]) == ("改名", 0)
    assert there["state"] == code.channel_state
    services.group_code_delete(code=code, actor=cast.admin)
    settle(code)
    assert code.push_state == "pushed"
    with pytest.raises(ProviderError, match="不存在"):
        wecom().groups.join_way(code.config_id)


def test_groups_that_wecom_made_survive_an_edit_that_leaves_the_groups_alone(
    cast: Cast, corp: Corp
) -> None:
    corp.post("settings", {"group_capacity": 2})
    code = group(cast, corp)
    settle(code)
    first = corp.act("scan", config_id=code.config_id, name="甲")["chat_id"]
    second = corp.act("scan", config_id=code.config_id, name="乙")["chat_id"]
    assert first == code.chat_ids[0] != second
    made = [first, second]
    assert wecom().groups.join_way(code.config_id)["chat_id_list"] == made
    draft = GroupDraft("改名", cast.beijing, tuple(code.chat_ids), room_base_name="财富沙龙")
    services.group_code_update(code=code, draft=draft, actor=cast.admin)
    settle(code)
    there = wecom().groups.join_way(code.config_id)
    assert (there["remark"], there["chat_id_list"]) == ("改名", made)


def test_a_group_code_of_unknown_end_waits_for_a_person(cast: Cast, corp: Corp, sign_in) -> None:
    corp.fault("drop_after", "externalcontact/groupchat/add_join_way")
    code = group(cast, corp)
    settle(code)
    later(code, seconds=120)
    settle(code)
    assert (code.push_state, code.push_at) == ("uncertain", None)
    assert "没有查询接口" in code.push_error
    page = sign_in(cast.hq).get("/connection/").content.decode()
    assert "没有查询接口" in page
    assert "/codes/groups/?q=" in page
    services.code_push_again(code=code, actor=cast.admin)
    settle(code)
    assert code.push_state == "pushed"
    assert code.qr_code
    assert "等人处理的活码" not in sign_in(cast.hq).get("/connection/").content.decode()
