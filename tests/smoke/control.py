"""The compliance half of the main job: archive, alert, decision by two people, case, proof."""

import re

from tests.smoke.journey import Journey, message_of, wait_until


def archive(journey: Journey) -> None:
    """Everything said lies in the archive, decoded, sealed and scanned."""
    officer = journey.person("officer")
    total = journey.stack.sandbox.get("world")["messages"]

    def complete() -> dict:
        row = officer.json("/api/archive/")
        same = {row["received"], row["decoded"], row["sealed"]}
        return row if same == {total} and row["scanned"] else {}

    row = wait_until(f"{total} records are archived and sealed", complete, 120)
    journey.figures |= {"archived": row["decoded"], "sealed": row["sealed"]}


def _alerts(journey: Journey, username: str = "officer") -> list[dict]:
    return journey.person(username).json("/api/alerts/")["results"]


def alert(journey: Journey) -> None:
    """The RM's promise is at the top of the queue, with its conversation and its rule."""
    rows = wait_until("an alert is raised", lambda: _alerts(journey), 90)
    top = rows[0]
    assert top["severity"] >= 3, top
    page = journey.person("officer").get(f"/compliance/alerts/{top['id']}/").text
    assert "保本保息" in re.sub(r"<[^>]+>", "", page)
    journey.figures["alerts_raised"] = len(rows)
    journey.notes["alert"] = top["id"]


def decide(journey: Journey) -> None:
    """One officer proposes, the same officer cannot finish it, a second one does; a case opens."""
    pk, officer = journey.notes["alert"], journey.person("officer")
    officer.post(f"/compliance/alerts/{pk}/claim/")
    officer.post(f"/compliance/alerts/{pk}/decide/", decision="confirm", reason="承诺保本保息")
    again = officer.post(f"/compliance/alerts/{pk}/decide/", decision="confirm", reason="再次确认")
    assert _state(journey, pk) == "awaiting_second", message_of(again.text)
    second = journey.person("officer2")
    second.post(f"/compliance/alerts/{pk}/decide/", decision="confirm", reason="复核同意")
    assert _state(journey, pk) == "confirmed"
    case = next(row["case"] for row in _alerts(journey) if row["id"] == pk)
    assert case, "no case was opened"
    journey.figures["alerts_decided"] = 1
    journey.notes["case"] = case


def _state(journey: Journey, pk: int) -> str:
    return str(journey.person("officer").json(f"/api/alerts/{pk}/")["state"])


def case(journey: Journey) -> None:
    """The case is worked on and closed with evidence."""
    pk, officer = journey.notes["case"], journey.person("officer")
    officer.post(f"/compliance/cases/{pk}/action/", kind="training", note="面谈并完成合规培训")
    officer.post(f"/compliance/cases/{pk}/close/", evidence="培训签到表 2026-11，客户已电话告知")
    assert "已结案" in officer.get(f"/compliance/cases/{pk}/").text


def proof(journey: Journey) -> None:
    """The auditor verifies the log and finds the whole story in the trail."""
    auditor = journey.person("auditor")
    verdict = auditor.post("/compliance/integrity/verify/").text
    assert "逐一核对相符" in verdict, message_of(verdict)
    assert "存档异常" not in verdict, message_of(verdict)
    for action in ("campaign.launch", "review.approve", "alert.confirm", "case.close"):
        assert "没有符合条件的记录" not in auditor.get("/audit/", action=action).text, action


def boards(journey: Journey) -> None:
    for who, path in {
        "rm": "/board/mine/",
        "admin": "/board/",
        "hq": "/board/",
        "officer": "/compliance/board/",
    }.items():
        journey.person(who).get(path)
    journey.person("rm").get("/workbench/")
