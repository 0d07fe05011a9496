"""What WeCom has against what we have: foreign codes, lost codes, adoption."""

import pytest

from channels.codes import push, services
from channels.codes.drafts import GroupDraft
from channels.models import ContactWay, FoundWay, SyncRun
from channels.providers.wecom.api import wecom
from channels.sync import walk
from tests.channels.codes.test_pages import form
from tests.factories import codes
from tests.factories.cast import Cast
from tests.factories.wecom import Corp


def check(cast: Cast) -> SyncRun:
    run = walk.start(kind="contact_ways", actor=cast.hq)
    walk.proceed(run)
    run.refresh_from_db()
    assert (run.state, run.error) == ("done", "")
    return run


def foreign(state: str = "old-lobby", *people: str) -> str:
    way = {"remark": "旧大堂码", "state": state, "user": list(people or ("alice", "amy"))}
    return wecom().contact_ways.add(2, 2, way)[0]  # type: ignore[arg-type]


def test_foreign_codes_are_found_and_ours_are_not_among_them(cast: Cast, corp: Corp) -> None:
    way = codes.way(cast)
    push.push_due()
    config_id = foreign()
    run = check(cast)
    assert (run.counts["ours"], run.counts["found"], run.counts["lost"]) == (1, 1, 0)
    found = FoundWay.objects.get()
    assert (found.config_id, found.remark, found.channel_state) == (
        config_id,
        "旧大堂码",
        "old-lobby",
    )
    assert found.userids == ["alice", "amy"]
    way.refresh_from_db()
    assert way.push_state == "pushed" and way.listed_at is not None


def test_many_pages_with_short_ones_are_all_read(cast: Cast, corp: Corp, monkeypatch) -> None:
    made = {foreign(f"s{number}") for number in range(7)}
    original = wecom().contact_ways.client.read

    def small(path: str, **body: object) -> dict:
        return original(path, **(body | ({"limit": 3} if "limit" in body else {})))

    monkeypatch.setattr(wecom().contact_ways.client, "read", small)
    check(cast)
    assert set(FoundWay.objects.values_list("config_id", flat=True)) == made


def test_what_left_wecom_leaves_the_list(cast: Cast, corp: Corp) -> None:
    config_id = foreign()
    check(cast)
    wecom().contact_ways.delete(config_id)
    FoundWay.objects.update(seen_at="2026-01-01T00:00Z")
    check(cast)
    assert not FoundWay.objects.exists()


def test_a_code_of_ours_that_is_gone_is_shown_and_mended(cast: Cast, corp: Corp, sign_in) -> None:
    way, kept = codes.way(cast), codes.way(cast, name="在的码")
    push.push_due()
    way.refresh_from_db()
    wecom().contact_ways.delete(way.config_id)
    ContactWay.objects.update(listed_at=None, created_at="2026-01-01T00:00Z")
    assert check(cast).counts["lost"] == 1
    way.refresh_from_db()
    kept.refresh_from_db()
    assert (way.push_state, kept.push_state) == ("gone", "pushed")
    sign_in(cast.admin).post(f"/codes/{way.pk}/push/")
    push.push_due()
    way.refresh_from_db()
    assert way.push_state == "pushed"
    assert wecom().contact_ways.one(way.config_id)["state"] == way.channel_state


def test_a_group_code_that_is_gone_is_shown(cast: Cast, corp: Corp) -> None:
    chat = corp.act("group_create", owner="alice", name="沙龙", members=[])["chat_id"]
    codes.chat(cast.alice, chat)
    draft = GroupDraft("群码", cast.beijing, (chat,), auto_create_room=False)
    code = services.group_code_create(draft=draft, actor=cast.admin)
    push.push_due()
    code.refresh_from_db()
    assert check(cast).counts["lost"] == 0
    wecom().groups.delete_join_way(code.config_id)
    assert check(cast).counts["lost"] == 1
    code.refresh_from_db()
    assert code.push_state == "gone"


def test_a_walk_does_not_hide_the_code_whose_answer_never_came(cast: Cast, corp: Corp) -> None:
    """The walk sees it first; the push must still recognise it as ours, and make no second one."""
    corp.fault("drop_after", "externalcontact/add_contact_way")
    way = codes.way(cast)
    push.push_due()
    check(cast)
    ContactWay.objects.update(push_at="2026-01-01T00:00Z")
    push.push_due()
    way.refresh_from_db()
    assert way.push_state == "pushed"
    assert list(wecom().contact_ways.ids()) == [way.config_id]
    assert not FoundWay.objects.exists()


def test_a_refused_app_ends_the_walk_with_its_reason(cast: Cast, corp: Corp) -> None:
    corp.fault("errcode", "externalcontact/list_contact_way", 48002, times=-1)
    run = walk.start(kind="contact_ways", actor=cast.hq)
    walk.proceed(run)
    run.refresh_from_db()
    assert run.state == "failed"
    assert "可调用接口的应用" in run.error


def test_adopting_keeps_the_code_and_puts_our_people_behind_it(
    cast: Cast, corp: Corp, sign_in
) -> None:
    config_id = foreign("old-lobby", "bob", "alice")
    check(cast)
    found, client = FoundWay.objects.get(), sign_in(cast.hq)
    html = client.get("/codes/found/").content.decode()
    assert "旧大堂码" in html and "刘洋" in html
    page = client.get(f"/codes/found/{found.pk}/adopt/").content.decode()
    assert 'value="旧大堂码"' in page and "刘洋" in page
    answer = client.post(f"/codes/found/{found.pk}/adopt/", form(cast, shift=[]))
    way = ContactWay.objects.get()
    assert answer["Location"] == f"/codes/{way.pk}/"
    assert (way.config_id, way.channel_state) == (config_id, "old-lobby")
    push.push_due()
    there = wecom().contact_ways.one(config_id)
    assert (there["user"], there["remark"]) == (["alice", "amy"], "大堂码")
    assert not FoundWay.objects.exists()


@pytest.mark.parametrize("state", ["", "taken"])
def test_an_adopted_code_gets_a_state_of_its_own_when_it_has_none(
    cast: Cast, corp: Corp, sign_in, state: str
) -> None:
    if state:
        ours = codes.way(cast)
        ContactWay.objects.filter(pk=ours.pk).update(channel_state=state, push_at=None)
    config_id = foreign(state)
    check(cast)
    found = FoundWay.objects.get()
    if state:
        # One of ours without a config_id carries this state: it may be that very code.
        assert sign_in(cast.hq).get(f"/codes/found/{found.pk}/adopt/").status_code == 404
        ContactWay.objects.filter(pk=ours.pk).update(config_id="else")
    sign_in(cast.hq).post(f"/codes/found/{found.pk}/adopt/", form(cast, shift=[]))
    way = ContactWay.objects.get(config_id=config_id)
    assert way.channel_state.startswith("cw")
    ContactWay.objects.exclude(pk=way.pk).delete()
    push.push_due()
    assert wecom().contact_ways.one(config_id)["state"] == way.channel_state


def test_found_codes_are_head_offices_matter(cast: Cast, sign_in) -> None:
    assert "还没有核对过" in sign_in(cast.hq).get("/codes/found/").content.decode()
    assert sign_in(cast.admin).get("/codes/found/").status_code == 403
    assert "未接管" not in sign_in(cast.admin).get("/codes/").content.decode()
