"""What the outbox tells back, written to the ledger in the outbox's own transaction."""

import datetime
from typing import Any

from django.db.models import QuerySet

from campaigns import ledger
from campaigns.dispatch.cancelling import stop_reason
from campaigns.dispatch.handing import batch_of
from campaigns.models import Delivery, SendBatch

State = Delivery.State
_FAILURES = {2: "not_friend", 3: "receipt_cap"}


def _rows(batch: SendBatch) -> "QuerySet[Delivery]":
    return Delivery.objects.filter(batch=batch)


def on_settled(task: Any, **_: Any) -> None:
    batch = batch_of(task.source)
    if batch is None:
        return
    rows = _rows(batch)
    if task.state == "accepted":
        _settle_apart(rows, task)
        ledger.move(rows, State.HANDED_OVER)
    elif task.state == "cancelled":
        ledger.move(rows, State.SUPPRESSED, reason=stop_reason(batch))
    elif task.state == "failed":
        # Never called: our own look at the moment of sending said no.
        reason = "provider" if task.sending_since else "dropped"
        ledger.move(rows, State.FAILED, reason=reason, checks=[[reason, False, task.last_error]])


def _settle_apart(rows: "QuerySet[Delivery]", task: Any) -> None:
    """Those whom our last look dropped, with its check, and those whom WeCom refused."""
    for external, (check, detail) in task.dropped.items():
        row = rows.filter(contact__external_userid=external)
        before = [line for found in row for line in found.checks if line[0] != check]
        lines = [*before, [check, False, f"{detail}（发送前复核）"]]
        ledger.move(row, State.SUPPRESSED, reason=check, checks=lines)
    refused = rows.filter(contact__external_userid__in=task.refused)
    ledger.move(refused, State.FAILED, reason="refused")


def on_uncertain(task: Any, **_: Any) -> None:
    batch = batch_of(task.source)
    if batch is not None:
        ledger.move(_rows(batch), State.UNCERTAIN)


def on_confirmed(task: Any, userid: str, at: datetime.datetime, **_: Any) -> None:
    batch = batch_of(task.source)
    if batch is not None:
        ledger.move(_rows(batch), State.CONFIRMED, at=at)


def on_results(task: Any, rows: list[dict[str, Any]], **_: Any) -> None:
    batch = batch_of(task.source)
    if batch is None:
        return
    pks = dict(_rows(batch).values_list("contact__external_userid", "pk"))
    delivered = [row for row in rows if row["status"] == 1 and row["external_userid"] in pks]
    if delivered:
        chosen = Delivery.objects.filter(pk__in=[pks[row["external_userid"]] for row in delivered])
        ledger.move(chosen, State.DELIVERED, at=delivered[0]["at"])
    for status, reason in _FAILURES.items():
        failed = [
            pks[r["external_userid"]]
            for r in rows
            if r["status"] == status and r["external_userid"] in pks
        ]
        if failed:
            ledger.move(Delivery.objects.filter(pk__in=failed), State.FAILED, reason=reason)
