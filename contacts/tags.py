"""Reads for the page about tags."""

from dataclasses import dataclass, field

from django.db.models import Count, Q

from contacts.models import CustomerTag, Tag, TagGroup, TagPush

_FAILURES = 20


@dataclass(slots=True)
class Shown:
    """A group with its live tags, how many customers carry each, and its way to WeCom."""

    group: TagGroup
    tags: list[tuple[Tag, int]] = field(default_factory=list)
    pushes: list[TagPush] = field(default_factory=list)

    @property
    def waiting(self) -> bool:
        return any(push.state in {"waiting", "sending"} for push in self.pushes)

    @property
    def failed(self) -> TagPush | None:
        return next((push for push in self.pushes if push.state == TagPush.State.FAILED), None)


def tag_groups() -> list[Shown]:
    """Every group that is there, in four statements however many there are."""
    shown = {row.pk: Shown(row) for row in TagGroup.objects.filter(removed_at=None)}
    uses = CustomerTag.objects.order_by().values_list("tag").annotate(n=Count("pk"))
    counts = dict(uses)
    for tag in Tag.objects.live().filter(group__in=shown).order_by("name"):
        shown[tag.group_id].tags.append((tag, counts.get(tag.pk, 0)))
    for push in TagPush.objects.filter(group__in=shown):
        if push.group_id is not None and not _superseded(push, shown[push.group_id].pushes):
            shown[push.group_id].pushes.append(push)
    return list(shown.values())


def _superseded(push: TagPush, newer: list[TagPush]) -> bool:
    return push.state == TagPush.State.FAILED and bool(newer)


@dataclass(frozen=True, slots=True)
class MarkPushes:
    waiting: int
    failed: int
    rows: list[TagPush]


def mark_pushes() -> MarkPushes:
    """Customers' tags on their way to WeCom, and those that did not get there."""
    rows = TagPush.objects.filter(follow__isnull=False)
    failed = rows.filter(state=TagPush.State.FAILED)
    counts = rows.aggregate(
        waiting=Count("pk", filter=Q(state__in=["waiting", "sending"])),
        failed=Count("pk", filter=Q(state="failed")),
    )
    shown = failed.select_related("follow__user", "follow__contact__customer")[:_FAILURES]
    return MarkPushes(counts["waiting"], counts["failed"], list(shown))
