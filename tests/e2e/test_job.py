"""The main job on real processes, with a worker killed in the middle and WeCom away for a while."""

import time

import pytest

from tests.smoke import control, stages
from tests.smoke.journey import Journey, wait_until

pytestmark = pytest.mark.xdist_group("stack")


def test_the_main_job_survives_kills_and_outages(journey: Journey) -> None:
    stack = journey.stack
    for stage in (
        stages.sync,
        stages.segment,
        stages.content,
        stages.content_review,
        stages.campaign,
        stages.campaign_review,
    ):
        stage(journey)
    # WeCom hangs up after the effect of two calls, and is slow for some more.
    stack.sandbox.post(
        "faults",
        [
            {"match": "externalcontact/add_msg_template", "kind": "drop_after", "times": 2},
            {
                "match": "externalcontact/add_msg_template",
                "kind": "latency",
                "value": 1,
                "times": 3,
            },
        ],
    )
    journey.person("admin").post(f"/campaigns/{journey.notes['campaign']}/launch/")
    time.sleep(1.5)
    stack.kill("worker")
    stack.relaunch("worker")
    _handed_over(journey)
    stack.kill("worker")
    # A killed reader keeps its claim for a minute; the results are read after that.
    journey.stack.sandbox.post("act", {"action": "confirm_all"})
    stack.relaunch("worker")
    stages.confirm(journey)
    stages.ledger(journey)
    stages.click(journey)
    stages.reply(journey)
    stack.kill("audit")
    stack.relaunch("audit")
    for stage in (control.archive, control.alert, control.decide, control.case, control.proof):
        stage(journey)
    assert journey.figures["lost"] == journey.figures["duplicated"] == 0


def _handed_over(journey: Journey) -> None:
    def handed() -> dict:
        row = stages._campaign(journey)
        waiting = {"planned", "leased", "uncertain"} & set(row["states"])
        return row if row["planned_at"] and not waiting else {}

    wait_until("every planned person is handed over after the kill", handed, 120)
