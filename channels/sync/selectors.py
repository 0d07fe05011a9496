"""Reads for the page about walks."""

from dataclasses import dataclass

from django.db.models import Max

from channels.models import SyncRun
from channels.providers.wecom.applications import corp_ids
from channels.sync.kinds import KINDS

_HISTORY = 20


@dataclass(frozen=True, slots=True)
class Walk:
    """One kind of data of one corporation, and its latest run."""

    kind: str
    title: str
    unit: str
    hint: str
    corp_id: str
    run: SyncRun | None

    @property
    def counts(self) -> list[tuple[str, int]]:
        """(label, number) of what the latest run found; zeros are left out."""
        return counts_of(self.run) if self.run else []

    @property
    def running(self) -> bool:
        return self.run is not None and self.run.state == SyncRun.State.RUNNING


def counts_of(run: SyncRun) -> list[tuple[str, int]]:
    labels = KINDS[run.kind].labels
    return [(label, run.counts[name]) for name, label in labels.items() if run.counts.get(name)]


def walks() -> list[Walk]:
    """Every kind for every corporation, in the order in which they are best begun."""
    latest = SyncRun.objects.order_by().values("kind", "corp_id").annotate(last=Max("id"))
    runs = {
        (run.kind, run.corp_id): run for run in SyncRun.objects.filter(pk__in=latest.values("last"))
    }
    return [
        Walk(
            kind=kind.name,
            title=SyncRun.Kind(kind.name).label,
            unit=kind.unit,
            hint=kind.hint,
            corp_id=corp_id,
            run=runs.get((kind.name, corp_id)),
        )
        for corp_id in corporations()
        for kind in KINDS.values()
        # Tags are those of the first corporation.
        if not (corp_id and kind.name == SyncRun.Kind.TAGS)
    ]


def corporations() -> list[str]:
    """All of them; the first one is "", as in the runs."""
    return ["", *corp_ids()[1:]]


def history() -> list[SyncRun]:
    """The latest runs that ended, newest first, each with `.found`: (label, number) pairs."""
    rows = list(SyncRun.objects.exclude(state=SyncRun.State.RUNNING)[:_HISTORY])
    for row in rows:
        row.found = counts_of(row)  # type: ignore[attr-defined]
    return rows
