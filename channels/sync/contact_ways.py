"""Live codes that WeCom has: which are ours, which are not, and which of ours it has lost."""

import datetime
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from channels.codes import push
from channels.models import ContactWay, FoundWay, GroupCode, SyncRun
from channels.providers.base import ProviderError
from channels.providers.wecom.api import NO_SUCH_CONFIG
from channels.providers.wecom.people import local_id
from channels.sync.kind import Page, Plan, Position, client, since

# WeCom lists nothing that was made before 10 July 2021.
_FIRST = int(datetime.datetime(2021, 7, 9, 16, tzinfo=datetime.UTC).timestamp())


class ContactWays:
    name = "contact_ways"
    unit = "个活码"
    hint = "核对企业微信里的活码：找出不是在这里建的，以及在企业微信里已经不存在的。"
    labels = {
        "ours": "本系统的活码",
        "found": "其他活码",
        "lost": "企业微信里已不存在",
    }

    def plan(self, run: SyncRun) -> Plan:
        """How many there are is known only at the end; ours give the bar its length."""
        return Plan(None, _ours(run).count())

    def first(self, work: Any) -> Position | None:
        return {"cursor": "", "seen": 0}

    def read(self, run: SyncRun, at: Position) -> Page:
        asked_at = timezone.now().replace(microsecond=0)
        ids, cursor = client(run).contact_ways.page(at["cursor"], _FIRST)
        seen = at["seen"] + len(ids)
        following = {"cursor": cursor, "seen": seen} if cursor else None
        return Page(ids, following, min(seen, run.total), asked_at)

    def take(self, run: SyncRun, pages: list[Page]) -> Counter[str]:
        counts: Counter[str] = Counter()
        for page in pages:
            known = ContactWay.objects.filter(config_id__in=page.rows)
            ours = set(known.values_list("config_id", flat=True))
            known.update(listed_at=page.asked_at)
            others = [config_id for config_id in page.rows if config_id not in ours]
            _note(run, others, page.asked_at)
            counts.update(ours=len(ours), found=len(others))
        return counts

    def absent(self, run: SyncRun) -> Iterator[Counter[str]]:
        _found(run).filter(seen_at__lt=since(run)).delete()
        for row in _found(run).filter(read_at=None):
            _read(run, row)
            yield Counter()
        unseen = Q(listed_at=None) | Q(listed_at__lt=since(run))
        for way in _ours(run).filter(unseen, created_at__lt=since(run)):
            yield Counter(lost=_check(way, client(run).contact_ways.one))
        for code in _held(GroupCode, run):
            yield Counter(lost=_check(code, client(run).groups.join_way))


def _corp(run: SyncRun) -> str:
    return run.corp_id or settings.WECOM_CORP_ID


def _held(model: Any, run: SyncRun) -> Any:
    """Codes of this corporation that WeCom should have."""
    rows = model.objects.live().filter(corp_id=_corp(run)).exclude(config_id="")
    return rows.exclude(push_state=model.Push.GONE)


def _ours(run: SyncRun) -> Any:
    return _held(ContactWay, run)


def _found(run: SyncRun) -> Any:
    return FoundWay.objects.filter(corp_id=_corp(run))


def _note(run: SyncRun, config_ids: list[str], at: datetime.datetime) -> None:
    FoundWay.objects.bulk_create(
        [FoundWay(corp_id=_corp(run), config_id=one, seen_at=at) for one in config_ids],
        update_conflicts=True,
        unique_fields=["config_id"],
        update_fields=["seen_at"],
    )


def _read(run: SyncRun, row: FoundWay) -> None:
    """Details of a code that is not known as ours."""
    try:
        told = client(run).contact_ways.one(row.config_id)
    except ProviderError as error:
        if error.errcode != NO_SUCH_CONFIG:
            raise
        row.delete()
        return
    row.remark = str(told.get("remark") or "")[:60]
    row.channel_state = str(told.get("state") or "")[:64]
    row.qr_code = str(told.get("qr_code") or "")
    row.userids = [local_id(run.corp_id, userid) for userid in told.get("user") or []]
    row.parties = told.get("party") or []
    row.is_exclusive = bool(told.get("is_exclusive"))
    row.read_at = timezone.now()
    row.save()


def _check(code: Any, ask: Any) -> int:
    """1 when WeCom says that it no longer has the code."""
    try:
        ask(code.config_id)
    except ProviderError as error:
        if error.errcode != NO_SUCH_CONFIG:
            raise
        push.lost(code)
        return 1
    if isinstance(code, ContactWay):
        ContactWay.objects.filter(pk=code.pk).update(listed_at=timezone.now())
    return 0


CONTACT_WAYS = ContactWays()
