"""Asks WeCom, a bit at a time, which customers agreed to the archive.

Each round asks for the relations that were never asked for, then for those asked for longest ago;
so after a while every relation is known, and none is older than the settings say. What a customer
answers in a chat arrives as a record anyway; this finds the answers that left no record.
"""

import datetime
import logging
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from channels.providers.base import ProviderError
from channels.providers.wecom.api import wecom
from channels.providers.wecom.api.msgaudit import AGREED
from compliance.archive import locks
from compliance.archive.log.append import append_events
from compliance.models import ArchiveAgreement
from contacts.models import Follow

logger = logging.getLogger(__name__)
# WeCom's limit for one call; and how many calls one round makes.
_AT_ONCE = 100
_CALLS = 10
_NAMES = ("user__wecom_userid", "contact__external_userid", "user_id", "contact_id")
# What _NAMES name of one relation; and the same by what WeCom calls the two.
Relation = tuple[str, str, int, int]
Pairs = dict[tuple[str, str], tuple[int, int]]


def poll() -> int:
    """One round; returns how many relations were asked for. A failure leaves the rest to the next."""
    with locks.only_one(locks.AGREEMENTS) as mine:
        try:
            return _poll() if mine else 0
        except ProviderError as error:
            logger.warning("archive agreements not asked for: %s", error.message)
            return 0


def _poll() -> int:
    userids = wecom().msgaudit.permitted()
    due = [*_unasked(userids), *_oldest(userids)][: _AT_ONCE * _CALLS]
    for at in range(0, len(due), _AT_ONCE):
        _ask({row[:2]: row[2:] for row in due[at : at + _AT_ONCE]})
    return len(due)


def _unasked(userids: list[str]) -> list[Relation]:
    """Friendships of archived employees that were never asked for."""
    known = ArchiveAgreement.objects.filter(user=OuterRef("user"), contact=OuterRef("contact"))
    rows = Follow.objects.filter(
        ~Exists(known), state=Follow.State.ACTIVE, user__wecom_userid__in=userids
    )
    return list(rows.order_by("id").values_list(*_NAMES)[: _AT_ONCE * _CALLS])


def _oldest(userids: list[str]) -> list[Relation]:
    before = timezone.now() - datetime.timedelta(hours=settings.ARCHIVE_AGREEMENT_HOURS)
    rows = ArchiveAgreement.objects.filter(checked_at__lt=before, user__wecom_userid__in=userids)
    return list(rows.order_by("checked_at").values_list(*_NAMES)[: _AT_ONCE * _CALLS])


def _ask(pairs: Pairs) -> None:
    answers = wecom().msgaudit.single_agreements(pairs)
    told = {(row["userid"], row["exteranalopenid"]): row for row in answers}
    _keep({keys: told[pair] for pair, keys in pairs.items() if pair in told})


@transaction.atomic
def _keep(told: dict[tuple[int, int], dict[str, Any]]) -> None:
    now = timezone.now()
    users, contacts = {key[0] for key in told}, {key[1] for key in told}
    known = ArchiveAgreement.objects.filter(user__in=users, contact__in=contacts)
    before = {(row.user_id, row.contact_id): row.agreed for row in known}
    rows = [_row(keys, answer, now) for keys, answer in told.items()]
    ArchiveAgreement.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["user", "contact"],
        update_fields=["agreed", "changed_at", "checked_at"],
    )
    append_events(
        ("archive.agreement", _facts(row))
        for row in rows
        if before.get((row.user_id, row.contact_id)) != row.agreed
    )


def _row(keys: tuple[int, int], answer: dict[str, Any], now: datetime.datetime) -> ArchiveAgreement:
    seconds = int(answer.get("status_change_time") or 0)
    return ArchiveAgreement(
        user_id=keys[0],
        contact_id=keys[1],
        # A status that is not known counts as not agreed.
        agreed=answer.get("agree_status") == AGREED,
        changed_at=datetime.datetime.fromtimestamp(seconds, datetime.UTC) if seconds else None,
        checked_at=now,
    )


def _facts(row: ArchiveAgreement) -> dict[str, object]:
    return {
        "agreed": row.agreed,
        "contact": row.contact_id,
        "said_at": int(row.changed_at.timestamp()) if row.changed_at else None,
        "user": row.user_id,
    }
