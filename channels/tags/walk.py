"""Walk over the corp tags: one answer holds them all."""

import datetime
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from channels.models import SyncRun
from channels.providers.wecom.api import WeCom
from channels.sync.kind import Page, Plan, Position, client, since
from contacts.intake.tags import TagGroupFacts, remove_groups, take_in_tags
from contacts.models import TagGroup


class Tags:
    """Of the bank's first corporation: groups of two corporations would meet under one name."""

    name = "tags"
    unit = "次读取"
    hint = "把企业标签取回来；员工在企业微信里打的标签会成为客户标签。"
    labels = {"groups": "标签组", "tags": "标签", "removed": "已删除标签"}

    def plan(self, run: SyncRun) -> Plan:
        return Plan([], 0 if run.corp_id else 1)

    def first(self, work: Any) -> Position | None:
        return {"at": 0}

    def read(self, run: SyncRun, at: Position) -> Page:
        asked_at = timezone.now().replace(microsecond=0)
        rows = [] if run.corp_id else tag_groups(client(run))
        return Page(rows, None, run.total, asked_at)

    def take(self, run: SyncRun, pages: list[Page]) -> Counter[str]:
        groups, tags = take_in_tags(pages[-1].rows, as_of=pages[-1].asked_at)
        return Counter(groups=groups, tags=tags)

    def absent(self, run: SyncRun) -> Iterator[Counter[str]]:
        """WeCom is asked by id for groups that the list did not hold: it says which are deleted."""
        if run.corp_id:
            return
        rows = TagGroup.objects.exclude(wecom_id="").filter(as_of__lt=since(run))
        ids = list(rows.values_list("wecom_id", flat=True))
        if ids:
            asked_at = timezone.now().replace(microsecond=0)
            there = {group.wecom_id for group in tag_groups(client(run), ids)}
            gone = [one for one in ids if one not in there]
            yield Counter(removed=remove_groups(gone, at=asked_at))


def tag_groups(wecom: WeCom, group_ids: list[str] | None = None) -> list[TagGroupFacts]:
    """Groups that are there, with the tags that are there; all, or those asked for by id."""
    rows = wecom.tags.groups(group_ids=group_ids)
    return [_facts(row) for row in rows if not row.get("deleted")]


def _facts(row: dict[str, Any]) -> TagGroupFacts:
    tags = [tag for tag in row.get("tag") or [] if not tag.get("deleted")]
    pairs = tuple((tag["id"], tag["name"]) for tag in tags)
    return TagGroupFacts(row["group_id"], row["group_name"], pairs)


def read_all(wecom: WeCom) -> tuple[list[TagGroupFacts], datetime.datetime]:
    """All groups, and when they were asked for."""
    asked_at = timezone.now().replace(microsecond=0)
    return tag_groups(wecom), asked_at


TAGS = Tags()
