"""Rows that should be in the log and are not, and what the desk shows against what was logged."""

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import Max

from compliance.archive.log.subjects import SUBJECTS
from compliance.archive.verify.verdict import SHOWN, Fault
from compliance.models import Alert, ArchiveCursor, ArchiveEnvelope, Case, Decision
from scrm.audit.models import AuditEvent

# Tables whose every row has a leaf: kind of leaf → (table, what the row is called).
LOGGED = {
    "decision": ("compliance_decision", "审核结论"),
    "message": ("compliance_archivedmessage", "消息"),
    "scan": ("compliance_messagescan", "扫描结论"),
    "media": ("(SELECT id FROM compliance_archivedmedia WHERE sha256 <> '')", "文件"),
}

_FINAL = (Decision.Step.SOLE, Decision.Step.SECOND, Decision.Step.BULK, Decision.Step.RULE)


def faults() -> Iterator[Fault]:
    for kind, (table, name) in LOGGED.items():
        for key in _without_leaf(kind, table):
            yield Fault(f"{name} {key} 没有入链：它是绕过系统插入的，或它的叶被删除。")
    for key in _audit_without_leaf():
        yield Fault(f"操作记录 {key} 没有入链：它是绕过系统插入的，或它的叶被删除。")
    yield from _cut_tail()
    yield from _decisions()


def _keys(statement: str, values: list[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]


def _without_leaf(kind: str, table: str) -> list[int]:
    return _keys(
        f"SELECT id FROM {table} t WHERE NOT EXISTS (SELECT 1 FROM compliance_logleaf l"  # noqa: S608
        f" WHERE l.kind = %s AND l.ref = t.id) ORDER BY id LIMIT {SHOWN}",
        [kind],
    )


def _audit_without_leaf() -> list[int]:
    return _keys(
        "SELECT id FROM audit_auditevent t WHERE split_part(action, '.', 1) = ANY(%s)"  # noqa: S608
        " AND NOT EXISTS (SELECT 1 FROM compliance_logleaf l"
        f" WHERE l.kind = 'audit' AND l.ref = t.id) ORDER BY id LIMIT {SHOWN}",
        [sorted(SUBJECTS)],
    )


def _cut_tail() -> Iterator[Fault]:
    # Cursors first: read the other way round, a pull in between would look like a loss.
    cursors = list(ArchiveCursor.objects.order_by("corp_id"))
    stored = dict(ArchiveEnvelope.objects.values_list("corp_id").annotate(last=Max("seq")))
    for cursor in cursors:
        last = stored.get(cursor.corp_id, 0)
        if cursor.seq > last:
            yield Fault(f"已收取到 seq {cursor.seq}，存档只到 seq {last}，末尾的记录被删除。")


def _decisions() -> Iterator[Fault]:
    """Alerts and cases are worked on and so may change; where they stand must be what the logged
    decisions and acts say."""
    last = {row.alert_id: row for row in Decision.objects.order_by("id")}
    for key, state, by in Alert.objects.values_list("pk", "state", "decided_by"):
        if not _follows(last.get(key), state, by):
            yield Fault(f"预警 {key} 的状态或处理人与最后一次入链的结论不一致，结论被改动。")
    closed = _closed_by()
    for key, state, by in Case.objects.values_list("pk", "state", "closed_by"):
        if (str(key) in closed, by) != (state == Case.State.CLOSED, closed.get(str(key))):
            yield Fault(f"工单 {key} 的状态或结案人与入链的操作不一致，结论被改动。")


def _follows(last: Decision | None, state: str, by: int | None) -> bool:
    done = state in (Alert.State.DISMISSED, Alert.State.CONFIRMED)
    if last is None or last.step not in _FINAL or not last.decision:
        return not done
    expected = Alert.State.DISMISSED if last.decision == "dismiss" else Alert.State.CONFIRMED
    return (state, by) == (expected, last.by_id)


def _closed_by() -> dict[str, int | None]:
    """Closed cases by the trail → who closed them."""
    acts = AuditEvent.objects.filter(action__in=("case.close", "case.reopen")).order_by("id")
    found: dict[str, int | None] = {}
    for key, action, actor in acts.values_list("object_id", "action", "actor_id"):
        if action == "case.close":
            found[key] = actor
        else:
            found.pop(key, None)
    return found
