"""The stages in turn. A stage that fails is repeated by the next round, and stops no other."""

import datetime
import logging
from collections.abc import Callable, Iterator

from django.db.models import QuerySet

from channels.providers.base import ProviderError
from channels.providers.wecom.archive import ArchiveSdk, archive_sdk
from compliance.archive import decode, gaps, index, media, pull, scan
from compliance.archive.marks import LowWater
from compliance.lexicon import ScanFailed
from compliance.models import ArchivedMessage, ArchiveEnvelope
from scrm.core import collector

logger = logging.getLogger(__name__)
_envelopes = LowWater(decode.waiting)
_messages = LowWater(scan.unscanned)
_unfindable = LowWater(index.unindexed)


def run() -> int:
    """After WeCom's notice: pulls, decodes and scans what is new; returns messages stored."""
    sdk, at_hand = archive_sdk(), pull.AtHand()
    _pull(sdk, at_hand)
    # What an earlier round decoded and died over comes first.
    _scan(lambda: scan.scan(scan.newest_unscanned()))
    index.index(index.newest_unindexed())
    batches, stored = decode.batches(sdk, decode.newest_waiting(), at_hand), 0
    while count := _take(batches):
        stored += count
    return stored


def _take(batches: Iterator[list[ArchivedMessage]]) -> int:
    """Stores and judges the next batch; returns how many messages that were."""
    with collector.resting():
        # In a function of its own: what the batch leaves is gone before the collector looks.
        return _stored_and_judged(batches)


def _stored_and_judged(batches: Iterator[list[ArchivedMessage]]) -> int:
    # A batch without a message, all its keys missing, is not the end.
    messages = next((batch for batch in batches if batch), [])
    if messages:
        _judge(messages)
    return len(messages)


def _judge(messages: list[ArchivedMessage]) -> None:
    _scan(lambda: scan.scan_stored(messages))
    index.index_stored(messages)


def fetch_media() -> int:
    """Files that wait; returns how many were stored."""
    return media.fetch(archive_sdk())


def unscanned_since() -> datetime.datetime | None:
    """When the oldest message that no engine has judged was received."""
    oldest = _messages.unsettled().values_list("envelope__received_at", flat=True)
    return oldest.first()


def undecoded() -> QuerySet[ArchiveEnvelope]:
    return _envelopes.unsettled()


def sweep() -> int:
    """Now and then: what a lost notice, a missing key or a failed scan left behind."""
    sdk = archive_sdk()
    _pull(sdk)
    stored = decode.decode(sdk, _envelopes.unsettled())
    _scan(lambda: scan.scan(_messages.unsettled()))
    index.index(_unfindable.unsettled())
    for mark in (_envelopes, _messages, _unfindable):
        mark.advance()
    return stored


def recheck() -> int:
    """Every few seconds: looks again at numbers that were missing; returns how many were filled."""
    try:
        return gaps.check(archive_sdk())
    except ProviderError as error:
        logger.warning("archive gaps not checked: %s", error.message)
        return 0


def _pull(sdk: ArchiveSdk, at_hand: pull.AtHand | None = None) -> None:
    try:
        pull.pull(sdk, at_hand=at_hand)
    except ProviderError as error:
        logger.warning("archive pull stopped: %s", error.message)


def _scan(work: Callable[[], int]) -> None:
    try:
        work()
    except ScanFailed as error:
        logger.error("archive scan held: %s", error)
