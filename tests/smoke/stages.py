"""The main job, stage by stage, each asserted from the outside over HTTP."""

import datetime
import json
import re

from channels.providers.wecom.sandbox_control import SandboxControl
from tests.smoke.journey import Journey, message_of, pk_of, wait_until

CONTENT = "您好，我是{机构名称}的{经理姓名}。您有产品近期到期，说明在这里：{链接} 理财非存款，投资须谨慎。"
RISKY = "您放心买，这款保本保息，亏了我个人赔给您。"
REPLY = "好的，请问这款产品期限是多久？"


def _day(days: int) -> str:
    return (datetime.date.today() + datetime.timedelta(days=days)).isoformat()


def sync(journey: Journey) -> None:
    """Head office loads all friends from WeCom; they are matched to the bank's customers."""
    world = json.loads(journey.stack.manage("demo_world"))
    journey.stack.sandbox.post("world", {**world, "replace": True})
    hq = journey.person("hq")
    hq.post("/connection/sync/")

    def done() -> dict:
        walk = hq.json("/api/connection/")["sync"]
        assert walk["state"] != "failed", walk["error"]
        return walk if walk["state"] == "done" else {}

    counts = wait_until("the walk over all customers ends", done)["counts"]
    follows = sum(len(contact["follows"]) for contact in world["contacts"])
    assert counts["follows"] == follows, (counts, follows)
    assert counts["matched"] > 0.9 * len(world["contacts"])
    journey.figures["customers_synced"] = counts["matched"]


def segment(journey: Journey) -> None:
    """The branch admin builds a nested segment; a wrong rule is refused with a sentence."""
    admin = journey.person("admin")
    wrong = {"all": [{"attr": "shoe_size", "op": ">=", "value": 40}]}
    answer = admin.post("/segments/new/", 422, name="错误", description="", rule=json.dumps(wrong))
    assert "shoe_size" in answer.text, "the unknown attribute is not named"
    rule = {
        "any": [
            {"attr": "aum", "op": ">=", "value": 1},
            {"not": {"attr": "aum", "op": "<", "value": 5}},
        ]
    }
    answer = admin.post("/segments/new/", name="冒烟客群", description="", rule=json.dumps(rule))
    journey.notes["segment"] = pk_of(answer.url, r"/segments/(\d+)/")


def content(journey: Journey) -> None:
    """Content with variables: an unknown one is named; the draft is previewed and submitted."""
    admin = journey.person("admin")
    form = {"title": "到期提醒", "link_url": "https://bank.example/m/1", "valid_until": _day(30)}
    answer = admin.post("/campaigns/contents/new/", body="您好{昵称}", **form)
    assert "未知变量 {昵称}" in answer.text
    answer = admin.post("/campaigns/contents/new/", body=CONTENT, **form)
    pk = pk_of(answer.url, r"/contents/(\d+)/")
    preview = admin.post("/campaigns/contents/preview/", body="{客户称呼}，您好", customer="").text
    assert re.search(r"[\u4e00-\u9fff](先生|女士)，您好", preview), preview
    version = re.search(r"/campaigns/versions/(\d+)/submit/", answer.text)
    assert version, f"no submit button on {answer.url}"
    admin.post(f"/campaigns/versions/{version[1]}/submit/")
    journey.notes |= {"content": pk, "version": int(version[1])}


def _decide(journey: Journey, title: str, decision: str, reason: str) -> None:
    officer = journey.person("officer")
    page = officer.get("/compliance/reviews/").text
    found = re.search(rf'/compliance/reviews/(\d+)/">[^<]*{title}', page)
    assert found, f"no open review named {title}"
    officer.get(f"/compliance/reviews/{found[1]}/")
    # The author's role may not decide at all; this is refused before anything is looked at.
    journey.person("admin").post(
        f"/compliance/reviews/{found[1]}/decide/", expect=403, decision="approve", reason="自批"
    )
    officer.post(f"/compliance/reviews/{found[1]}/decide/", decision=decision, reason=reason)


def content_review(journey: Journey) -> None:
    """Another person approves the frozen version."""
    _decide(journey, "到期提醒", "approve", "内容合规")


def campaign(journey: Journey) -> None:
    """A campaign without audience is refused; complete, it is submitted and approved."""
    admin = journey.person("admin")
    base = {"name": "冒烟活动", "holdout_percent": 10, "ends_on": _day(7)}
    answer = admin.post("/campaigns/new/", **base)
    pk = pk_of(answer.url, r"/campaigns/(\d+)/")
    refusal = admin.post(f"/campaigns/{pk}/submit/")
    assert "请先选择客群" in message_of(refusal.text), message_of(refusal.text)
    notes = journey.notes
    answer = admin.post(
        f"/campaigns/{pk}/edit/", **base, segment=notes["segment"], versions=notes["version"]
    )
    assert "已保存" in message_of(answer.text), message_of(answer.text)
    answer = admin.post(f"/campaigns/{pk}/submit/")
    assert "已提交审批" in message_of(answer.text), message_of(answer.text)
    early = admin.post(f"/campaigns/{pk}/launch/")
    assert "没有有效的审批" in message_of(early.text), message_of(early.text)
    notes["campaign"] = pk


def campaign_review(journey: Journey) -> None:
    _decide(journey, "冒烟活动", "approve", "同意")


def _campaign(journey: Journey) -> dict:
    return journey.person("admin").json(f"/api/campaigns/{journey.notes['campaign']}/")


def launch(journey: Journey) -> None:
    """Launched once, whatever the number of clicks; every person gets a row."""
    admin, pk = journey.person("admin"), journey.notes["campaign"]
    first = admin.post(f"/campaigns/{pk}/launch/")
    second = admin.post(f"/campaigns/{pk}/launch/")
    assert "已启动" in message_of(first.text), message_of(first.text)
    assert "不会重复发送" in message_of(second.text), message_of(second.text)

    def handed() -> dict:
        row = _campaign(journey)
        waiting = {"planned", "leased", "uncertain"} & set(row["states"])
        return row if row["planned_at"] and not waiting else {}

    row = wait_until("every planned person is handed over or suppressed", handed)
    figures = journey.figures
    figures["audience"] = row["funnel"]["audience"]
    figures["suppressed"] = row["reasons"]
    figures["handed_over"] = row["states"].get("handed_over", 0)
    assert figures["handed_over"] > 20, row
    assert sum(row["states"].values()) == figures["audience"]
    assert row["reasons"].get("holdout", 0) > 0


def confirm(journey: Journey) -> None:
    """RMs tap send in the sandbox; results come back by polling."""
    sandbox = journey.stack.sandbox

    def ready() -> bool:
        """Something waits for a tap, or the taps have been seen already."""
        return bool(sandbox.get("tasks")["tasks"] or _campaign(journey)["funnel"]["confirmed"])

    wait_until("tasks can be confirmed", ready)
    sandbox.post("act", {"action": "confirm_all"})

    def settled() -> dict:
        row = _campaign(journey)
        return row if not {"handed_over", "confirmed"} & set(row["states"]) else {}

    row = wait_until("every confirmation has its result", settled, 150)
    journey.figures["confirmed"] = row["funnel"]["confirmed"]
    journey.figures["delivered"] = row["states"].get("delivered", 0)
    assert journey.figures["delivered"] > 20, row


def _deliveries(journey: Journey, state: str) -> list[dict]:
    rows, page = [], 1
    admin = journey.person("admin")
    while True:
        path = "/api/deliveries/"
        data = admin.json(path, campaign=journey.notes["campaign"], state=state, page=page)
        rows += data["results"]
        if not data["next"]:
            return rows
        page += 1


def ledger(journey: Journey) -> None:
    """The ledger agrees with what customers have on their phones: none lost, none twice."""
    sandbox = journey.stack.sandbox
    rows = _deliveries(journey, "delivered")
    lost = duplicated = 0
    for row in rows:
        got = _campaign_messages(sandbox, row["external_userid"])
        lost += not got
        duplicated += max(0, len(got) - 1)
    suppressed = _deliveries(journey, "suppressed")
    leaked = [
        r
        for r in suppressed
        if r["external_userid"] and _campaign_messages(sandbox, r["external_userid"])
    ]
    assert not leaked, f"suppressed people were sent to: {leaked[:3]}"
    journey.figures |= {"lost": lost, "duplicated": duplicated}
    assert lost == duplicated == 0, (lost, duplicated)
    journey.notes["delivered"] = rows
    page = journey.person("admin").get(f"/campaigns/{journey.notes['campaign']}/ledger/").text
    assert "对照组，不发送" in page


def _campaign_messages(sandbox: SandboxControl, external_userid: str) -> list[str]:
    rows = sandbox.get("messages", external_userid=external_userid)["messages"]
    return [row["text"] for row in rows if "说明在这里" in row["text"]]


def click(journey: Journey) -> None:
    """Customers open the tracked link; each click lands on the person who opened it."""
    sandbox, rows = journey.stack.sandbox, journey.notes["delivered"][:5]
    for row in rows:
        text = _campaign_messages(sandbox, row["external_userid"])[0]
        url = re.search(r"http://127\.0\.0\.1:\d+/t/[\w-]+/", text)
        assert url, text
        sandbox.post(
            "act", {"action": "click", "external_userid": row["external_userid"], "url": url[0]}
        )
    row = wait_until(
        "clicks are counted",
        lambda: (r := _campaign(journey))["funnel"]["clicked"] >= len(rows) and r,
    )
    journey.figures["clicked"] = row["funnel"]["clicked"]
    assert row["funnel"]["clicked"] == len(rows)


def reply(journey: Journey) -> None:
    """Customers answer, and one RM promises what no RM may promise."""
    sandbox, rows = journey.stack.sandbox, journey.notes["delivered"]
    for row in rows[:4]:
        person, rm = row["external_userid"], row["sender"]
        sandbox.post("act", {"action": "say", "from": person, "to": rm, "text": REPLY})
    first = rows[0]
    said = {"action": "say", "from": first["sender"], "to": first["external_userid"], "text": RISKY}
    sandbox.post("act", said)
    row = wait_until(
        "replies are attributed", lambda: (r := _campaign(journey))["funnel"]["replied"] >= 4 and r
    )
    journey.figures["replied"] = row["funnel"]["replied"]
