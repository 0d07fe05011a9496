"""The officer's pages: who sees what, who does not, and what is written down."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from compliance.alerts import alert_decide
from compliance.models import Alert, Case, LexiconVersion
from scrm.accounts.models import User
from scrm.audit.models import AuditEvent
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import HARMLESS, RISKY, Chat
from tests.factories.compliance import alert as make_alert

SignIn = Callable[[User], Client]
PAGES = {
    "alerts": {"compliance"},
    "behaviour": {"compliance", "hq_admin"},
    "auto_rules": {"compliance"},
    "benign": {"compliance"},
    "sampling": {"compliance"},
    "holidays": {"compliance", "hq_admin"},
    "cases": {"compliance"},
    "archive": {"compliance", "auditor"},
    "lexicons": {"compliance"},
    "board": {"compliance", "hq_admin"},
    "integrity": {"auditor", "hq_admin"},
}


@pytest.fixture
def here(cast: Cast, chat: Chat) -> Alert:
    contact = befriend(cast.wang)
    chat.say(contact.external_userid, "alice", "风险大吗？")
    found = make_alert(chat, cast.alice, contact, 2)
    chat.say("alice", contact.external_userid, HARMLESS)
    chat.archive()
    return found


@pytest.fixture
def elsewhere(cast: Cast, chat: Chat) -> Alert:
    return make_alert(chat, cast.bob, befriend(cast.li), 2)


def events(action: str) -> int:
    return AuditEvent.objects.filter(action=action).count()


@pytest.mark.parametrize("page", PAGES)
def test_each_page_is_open_to_its_roles_only(
    cast: Cast, here: Alert, sign_in: SignIn, page: str
) -> None:
    for role, person in cast.people().items():
        response = sign_in(person).get(reverse(f"compliance:{page}"))
        assert response.status_code == (200 if role in PAGES[page] else 403), role


def test_empty_pages_say_what_to_do(cast: Cast, sign_in: SignIn) -> None:
    for page in PAGES.keys() - {"integrity"}:
        assert sign_in(cast.officer).get(reverse(f"compliance:{page}")).status_code == 200
    assert sign_in(cast.auditor).get(reverse("compliance:integrity")).status_code == 200


def test_the_desk_shows_queue_conversation_and_reason(
    cast: Cast, here: Alert, sign_in: SignIn
) -> None:
    html = sign_in(cast.officer).get(reverse("compliance:alerts")).content.decode()
    assert "陈静怡" in html
    assert "风险大吗？" in html
    assert 'class="hit hit-s' in html
    assert here.scan.findings[0]["explanation"] in html
    assert events("archive.view") == 1


def test_scope_hides_and_shows_both_ways(
    cast: Cast, here: Alert, elsewhere: Alert, sign_in: SignIn
) -> None:
    beijing, shanghai, head = map(sign_in, (cast.officer, cast.officer_shanghai, cast.officer_head))
    for name in ("alert", "conversation"):
        mine = here.pk if name == "alert" else here.message_id
        theirs = elsewhere.pk if name == "alert" else elsewhere.message_id
        assert beijing.get(reverse(f"compliance:{name}", args=[mine])).status_code == 200
        assert beijing.get(reverse(f"compliance:{name}", args=[theirs])).status_code == 404
        assert shanghai.get(reverse(f"compliance:{name}", args=[theirs])).status_code == 200
        assert shanghai.get(reverse(f"compliance:{name}", args=[mine])).status_code == 404
        assert head.get(reverse(f"compliance:{name}", args=[mine])).status_code == 200
    assert "刘洋" not in beijing.get(reverse("compliance:alerts")).content.decode()
    for act in ("alert_claim", "alert_release", "alert_decide"):
        url = reverse(f"compliance:{act}", args=[here.pk])
        assert shanghai.post(url, {"decision": "dismiss", "reason": "x"}).status_code == 404
    here.refresh_from_db()
    assert here.state == Alert.State.NEW


def test_deciding_stays_on_the_desk_and_moves_on(
    cast: Cast, here: Alert, chat: Chat, sign_in: SignIn
) -> None:
    other = make_alert(chat, cast.alice, befriend(cast.wang, cast.amy), 2)
    client, htmx = sign_in(cast.officer), {"HX-Request": "true"}
    claimed = client.post(reverse("compliance:alert_claim", args=[here.pk]), headers=htmx)
    assert "已领取" in claimed.content.decode()
    url = reverse("compliance:alert_decide", args=[here.pk]) + "?tab=open"
    refused = client.post(url, {"decision": "confirm", "reason": ""}, headers=htmx)
    assert "请写明理由" in refused.content.decode()
    done = client.post(url, {"decision": "confirm", "reason": "承诺收益"}, headers=htmx)
    assert done.headers["HX-Push-Url"] == reverse("compliance:alert", args=[other.pk]) + "?tab=open"
    assert "<html" not in done.content.decode()
    assert Case.objects.get().alert == here


def test_going_back_brings_a_whole_page(cast: Cast, here: Alert, sign_in: SignIn) -> None:
    """The chat is kept out of the browser's history cache; htmx then asks the server."""
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    page = sign_in(cast.officer).get(reverse("compliance:alert", args=[here.pk]), headers=headers)
    assert 'hx-history="false"' in page.content.decode()


def test_reading_is_not_acting(cast: Cast, here: Alert, sign_in: SignIn) -> None:
    url = reverse("compliance:alert_claim", args=[here.pk])
    assert sign_in(cast.officer).get(url).status_code in {403, 405}
    assert sign_in(cast.auditor).post(url).status_code == 403


def test_a_recalled_message_is_marked(cast: Cast, here: Alert, chat: Chat, sign_in: SignIn) -> None:
    to = here.message.contact.external_userid
    chat.say(
        "alice", to, "", action="recall", msgtype="revoke", revoke={"pre_msgid": here.message.msgid}
    )
    chat.archive()
    html = sign_in(cast.officer).get(reverse("compliance:alert", args=[here.pk])).content.decode()
    assert "已撤回" in html
    assert "撤回了一条消息" in html


def test_search_finds_masks_and_is_recorded(
    cast: Cast, here: Alert, chat: Chat, elsewhere: Alert, sign_in: SignIn
) -> None:
    to = here.message.contact.external_userid
    chat.say("alice", to, "我的电话是 13812345678，方便时联系。")
    chat.archive()
    client, url = sign_in(cast.officer), reverse("compliance:archive")
    html = client.post(url, {"words": "电话 方便"}).content.decode()
    assert "138****5678" in html
    assert "13812345678" not in html
    assert "共 1 条" in html
    assert "共 4 条" in client.post(url, {"staff": "陈静怡"}).content.decode()
    assert "没有符合条件" in client.post(url, {"staff": "刘洋"}).content.decode()
    assert "共 4 条" in client.post(url, {"customer": "C00000001"}).content.decode()
    assert "没有符合条件" in client.post(url, {"msgtype": "image"}).content.decode()
    assert events("archive.search") == 5


def test_the_auditor_reads_conversations_of_all_branches(
    cast: Cast, here: Alert, elsewhere: Alert, sign_in: SignIn
) -> None:
    client = sign_in(cast.auditor)
    for alert in (here, elsewhere):
        url = reverse("compliance:conversation", args=[alert.message_id])
        assert RISKY[:6] in client.get(url).content.decode()
    assert events("archive.view") == 2


def test_a_case_is_worked_on_its_page(cast: Cast, here: Alert, sign_in: SignIn) -> None:
    alert_decide(alert=here, decision="confirm", reason="承诺收益", actor=cast.officer)
    case, client = Case.objects.get(), sign_in(cast.officer)
    assert (
        "还没有处置措施" in client.get(reverse("compliance:case", args=[case.pk])).content.decode()
    )
    client.post(
        reverse("compliance:case_action", args=[case.pk]), {"kind": "training", "note": "一对一"}
    )
    client.post(reverse("compliance:case_close", args=[case.pk]), {"evidence": "签到表"})
    case.refresh_from_db()
    assert case.state == "closed"
    assert "签到表" in client.get(reverse("compliance:case", args=[case.pk])).content.decode()
    assert "工单" in client.get(reverse("compliance:cases") + "?state=closed").content.decode()
    other = sign_in(cast.officer_shanghai)
    assert other.get(reverse("compliance:case", args=[case.pk])).status_code == 404


def test_a_lexicon_is_imported_and_activated_by_two(cast: Cast, sign_in: SignIn) -> None:
    first, second = sign_in(cast.officer), sign_in(cast.officer_head)
    url = reverse("compliance:lexicon_import")
    bad = first.post(url, {"note": "新增", "text": "坏级别,abuse,9"}).content.decode()
    assert "第1行" in bad
    first.post(url, {"note": "新增", "text": "火星理财计划,off_book_sale,4"})
    draft = LexiconVersion.objects.get(state="draft")
    page = reverse("compliance:lexicon", args=[draft.pk])
    assert "火星理财计划" in first.get(page).content.decode()
    activate = reverse("compliance:lexicon_activate", args=[draft.pk])
    assert activate not in first.get(page).content.decode()
    first.post(activate)
    draft.refresh_from_db()
    assert draft.state == "draft"
    assert activate in second.get(page).content.decode()
    second.post(activate)
    draft.refresh_from_db()
    assert draft.state == "active"


def test_integrity_gives_one_verdict(cast: Cast, here: Alert, sign_in: SignIn) -> None:
    client = sign_in(cast.auditor)
    html = client.post(reverse("compliance:integrity_verify"), follow=True).content.decode()
    assert "逐一核对相符" in html
    assert events("archive.verify") == 1
    assert sign_in(cast.officer).post(reverse("compliance:integrity_verify")).status_code == 403


@pytest.mark.parametrize(
    "page",
    [
        "alerts", "cases", "archive", "board", "lexicons", "sampling", "behaviour", "auto_rules",
        "benign", "holidays",
    ],
)  # fmt: skip
def test_queries_do_not_grow_with_rows(
    cast: Cast, chat: Chat, sign_in: SignIn, django_assert_max_num_queries: Callable, page: str
) -> None:
    contact = befriend(cast.wang)
    for _ in range(25):
        chat.say("alice", contact.external_userid, RISKY)
    chat.archive()
    for alert in Alert.objects.all()[:12]:
        Alert.objects.filter(pk=alert.pk).update(severity=2)
        alert.refresh_from_db()
        alert_decide(alert=alert, decision="confirm", reason="承诺", actor=cast.officer)
    client = sign_in(cast.officer)
    with django_assert_max_num_queries(26):
        if page == "archive":
            client.post(reverse("compliance:archive"), {"staff": "alice"})
        else:
            client.get(reverse(f"compliance:{page}"))


def test_each_number_of_the_board_leads_to_its_rows(
    cast: Cast, here: Alert, elsewhere: Alert, chat: Chat, sign_in: SignIn
) -> None:
    late = make_alert(chat, cast.alice, befriend(cast.zhao, cast.alice), 2)
    Alert.objects.filter(pk=late.pk).update(due_at=late.raised_at)
    alert_decide(alert=here, decision="confirm", reason="承诺", actor=cast.officer)
    client, desk = sign_in(cast.officer), reverse("compliance:alerts")
    html = client.get(reverse("compliance:board")).content.decode()
    links = {unescape(link): int(n) for link, n in re.findall(r'alerts/\?([^"]+)">(\d+)</a>', html)}
    assert len(links) >= 10
    for query, count in links.items():
        page = client.get(f"{desk}?{query}").context["page"]
        assert page.paginator.count == count, query
    assert f"window=1&user={cast.alice.pk}&overdue=1" in "".join(links)
    hq = sign_in(cast.hq).get(reverse("compliance:board")).content.decode()
    assert "alerts/?" not in hq  # head office's administrator does not read chats
