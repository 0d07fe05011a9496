"""Reads the next pages while the last ones are being written."""

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator

from channels.sync.kind import Page, Position

# Pages that one transaction may hold, and pages that wait for it meanwhile.
BATCH = 10
_WAITING = 12


class _Reader(threading.Thread):
    """Puts pages in order, then None; an exception takes the place of the page it prevented."""

    def __init__(self, read: Callable[[Position], Page], at: Position) -> None:
        super().__init__(daemon=True, name="sync-reader")
        self.read, self.at = read, at
        self.pages: queue.Queue[Page | Exception | None] = queue.Queue(_WAITING)
        self.stopped = threading.Event()

    def run(self) -> None:
        at: Position | None = self.at
        try:
            while at is not None and not self.stopped.is_set():
                page = self.read(at)
                self._put(page)
                at = page.following
            self._put(None)
        except Exception as error:  # noqa: BLE001 - raised again where the pages are written
            self._put(error)

    def _put(self, item: Page | Exception | None) -> None:
        while not self.stopped.is_set():
            with contextlib.suppress(queue.Full):
                self.pages.put(item, timeout=0.5)
                return

    def stop(self) -> None:
        self.stopped.set()


def batches(read: Callable[[Position], Page], at: Position) -> Iterator[list[Page]]:
    """Pages from `at` to the end, as many at once as lie ready; raises what reading raised."""
    reader = _Reader(read, at)
    reader.start()
    try:
        yield from _gathered(reader)
    finally:
        reader.stop()


def _gathered(reader: _Reader) -> Iterator[list[Page]]:
    while True:
        batch: list[Page] = []
        item = reader.pages.get()
        while isinstance(item, Page):
            batch.append(item)
            if len(batch) == BATCH or reader.pages.empty():
                break
            item = reader.pages.get()
        if batch:
            # What was read before a failure is kept before the failure is told.
            yield batch
        if isinstance(item, Exception):
            raise item
        if item is None:
            return
