"""Scans a text with the lexicon in force. Fails closed: an exception means hold, never clean."""

import threading
from queue import Empty, SimpleQueue
from typing import Any, Literal

from django.conf import settings

from compliance.lexicon import Engine, ScanContext, ScanFailed, ScanResult
from compliance.lexicons import active_engine

Speaker = Literal["staff", "customer"]


def scan_text(text: str, *, speaker: Speaker = "staff") -> ScanResult:
    """Raises ScanFailed (no active lexicon, damaged lexicon, engine error): callers must hold."""
    return active_engine().scan(text, ScanContext(speaker=speaker))


class ScanTimedOut(ScanFailed):
    """The engine gave no answer in time; whatever was to be scanned must be held."""


def scan_in_time(text: str, *, speaker: Speaker = "staff") -> ScanResult:
    """As scan_text, but never waits longer than SCAN_SECONDS; every failure is a ScanFailed."""
    # The engine is fetched here: the helper thread has no business with the database.
    engine, answers = active_engine(), SimpleQueue[Any]()
    context = ScanContext(speaker=speaker)
    threading.Thread(target=_scan, args=(engine, text, context, answers), daemon=True).start()
    try:
        answer = answers.get(timeout=settings.SCAN_SECONDS)
    except Empty:
        raise ScanTimedOut(f"no answer within {settings.SCAN_SECONDS} s") from None
    if isinstance(answer, ScanResult):
        return answer
    raise ScanFailed("engine failed") from answer


def _scan(engine: Engine, text: str, context: ScanContext, answers: "SimpleQueue[Any]") -> None:
    try:
        answers.put(engine.scan(text, context))
    except BaseException as error:  # noqa: BLE001 - handed over to the waiting thread
        answers.put(error)
