"""Handled callbacks make room in time; what nobody has handled, and what was said, stays."""

import datetime
import json

from django.utils import timezone
from pytest_django.fixtures import Settings

from channels import checks, selectors, tasks
from channels.inbox import forgetting, processing
from channels.models import InboxEvent, Welcome
from contacts.models import CustomerEvent
from tests.channels.test_inbox import receive
from tests.factories import welcome as greetings
from tests.factories.cast import Cast

LONG_AGO = timezone.now() - datetime.timedelta(days=100)


def _aged(**states: str) -> None:
    """One old event for each name, in the state given."""
    for name, state in states.items():
        receive("transfer_fail", timezone.now(), who=f"wm{name}")
        InboxEvent.objects.filter(body__ExternalUserID=f"wm{name}").update(
            state=state, received_at=LONG_AGO, handled_at=LONG_AGO if state == "done" else None
        )


def _left() -> set[str]:
    return {row.body["ExternalUserID"].removeprefix("wm") for row in InboxEvent.objects.all()}


def test_only_handled_ones_go_and_only_old_ones(cast: Cast, monkeypatch) -> None:
    monkeypatch.setattr(forgetting, "_BATCH", 2)
    states = {"a": "done", "b": "done", "c": "done", "new": "new", "claimed": "claimed"}
    _aged(**states, dead="dead", unknown="ignored", replayed="done")
    InboxEvent.objects.filter(body__ExternalUserID="wmreplayed").update(handled_at=timezone.now())
    receive("transfer_fail", timezone.now(), who="wmfresh")
    processing.drain()
    InboxEvent.objects.filter(body__ExternalUserID="wmnew").update(state="new")
    InboxEvent.objects.filter(body__ExternalUserID="wmclaimed").update(state="claimed")
    facts = CustomerEvent.objects.count()
    assert tasks.callbacks_forget() == 3
    assert _left() == {"new", "claimed", "dead", "unknown", "replayed", "fresh"}
    assert CustomerEvent.objects.count() == facts
    assert tasks.callbacks_forget() == 0


def test_a_greeting_outlives_its_event(cast: Cast) -> None:
    row = greetings.event("code1")
    Welcome.objects.update(state="sent", text="您好")
    InboxEvent.objects.update(state="done", received_at=LONG_AGO, handled_at=LONG_AGO)
    assert forgetting.forget_old() == 1
    row.refresh_from_db()
    assert (row.event_id, row.state, row.text) == (None, "sent", "您好")


def test_zero_days_keep_everything(cast: Cast, settings: Settings) -> None:
    _aged(a="done")
    settings.INBOX_KEEP_DAYS = 0
    assert forgetting.forget_old() == 0
    assert _left() == {"a"}


def test_a_time_shorter_than_the_door_remembers_is_an_error(settings: Settings) -> None:
    settings.INBOX_KEEP_DAYS, settings.INBOX_MAX_AGE_SECONDS = 1, 86_400
    (error,) = checks.inbox_keeping(None)
    assert "INBOX_KEEP_DAYS" in error.msg
    settings.INBOX_MAX_AGE_SECONDS = 3600
    assert checks.inbox_keeping(None) == []


def test_queues_are_counted_up_to_a_limit_by_index(cast: Cast, sign_in, monkeypatch) -> None:
    _aged(a="new", b="new", c="new", dead="dead", done="done")
    monkeypatch.setattr(selectors, "MOST_COUNTED", 2)
    told = json.loads(sign_in(cast.hq).get("/api/connection/").content)["inbox"]
    assert told == {"new": 2, "claimed": 0, "dead": 1, "ignored": 0}
