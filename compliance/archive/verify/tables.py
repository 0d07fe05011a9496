"""Rows that should be in the log and are not, and what the desk shows against what was logged."""

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import F, Max

from compliance.archive.log.subjects import SUBJECTS
from compliance.archive.verify.verdict import SHOWN, Fault
from compliance.models import Alert, ArchiveCursor, ArchiveEnvelope, Case
from scrm.audit.models import AuditEvent

# Tables whose every row has a leaf: kind of leaf → (table, what the row is called).
LOGGED = {
    "message": ("compliance_archivedmessage", "消息"),
    "scan": ("compliance_messagescan", "扫描结论"),
}


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
    """Alerts and cases are worked on and so may change; their state must be the last logged one."""
    for model, name in ((Alert, "预警"), (Case, "工单")):
        logged = _last_states(model._meta.label_lower)
        for key, state, by in model.objects.values_list("pk", "state", _decider(model)):
            last = logged.get(str(key))
            if last and (last[0] != state or (by is not None and last[1] != by)):
                yield Fault(
                    f"{name} {key} 现在的状态或处理人与最后一次入链的操作不一致，结论被改动。"
                )


def _decider(model: type[Alert] | type[Case]) -> F:
    return F("decided_by") if model is Alert else F("closed_by")


def _last_states(label: str) -> dict[str, tuple[str, int | None]]:
    """Object → (state, actor) of its last event that names a state."""
    events = AuditEvent.objects.filter(object_type=label, after__has_key="state").order_by("id")
    rows = events.values_list("object_id", "after__state", "actor_id")
    return {key: (state, actor) for key, state, actor in rows}
