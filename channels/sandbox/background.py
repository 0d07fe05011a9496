"""Things that happen by themselves: people's actions, archive notices, finished jobs."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable

from channels.sandbox.api import moments
from channels.sandbox.core import Sandbox
from channels.sandbox.corp import transfers
from channels.sandbox.people import links
from channels.sandbox.people.engine import PeopleEngine
from channels.sandbox.state.messages import Message

logger = logging.getLogger("wecom_sandbox")

# Of its own: it runs in a thread, and who draws lots beside it must get the same ones again.
_dice = random.Random()
_TICK_SECONDS = 0.5
_ARCHIVE_AGENT = 2000004

# Work that is due at some sandbox time.
_TIMED_JOBS: tuple[Callable[[Sandbox], None], ...] = (moments.finish_jobs, transfers.finish_due)


class Background:
    def __init__(self, box: Sandbox, people: PeopleEngine) -> None:
        self._box = box
        self._people = people
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._notified_at = float("-inf")
        self._state = box.table("archive_notice")
        box.message_observers.append(self._on_messages)

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._people.stop()

    async def _run(self) -> None:
        while True:
            try:
                self._tick()
            except Exception:
                # One broken action must not stop the simulated world.
                logger.exception("background tick failed")
            self._box.commit()
            await self._pause()

    async def _pause(self) -> None:
        """Half a second; a new archive record wakes it earlier."""
        self._wake.clear()
        try:
            await asyncio.wait_for(self._wake.wait(), _TICK_SECONDS)
        except TimeoutError:
            return

    def _tick(self) -> None:
        self._people.tick()
        for job in _TIMED_JOBS:
            job(self._box)
        self._notify_archive()

    def _on_messages(self, messages: list[Message]) -> None:
        links.watch_chats(self._box, messages)
        archived = [message for message in messages if message.archived]
        self._repeat_some(archived)
        if archived:
            self._wake.set()

    def _repeat_some(self, archived: list[Message]) -> None:
        rate = self._box.settings["archive_repeats"]
        for message in archived if rate else ():
            if _dice.random() < rate:
                self._box.messages.repeat(message.msgid)

    def _notify_archive(self) -> None:
        """At most one notice per interval, by real time: receivers rely on real seconds."""
        told = (self._state.get("archive") or {"seq": 0})["seq"]
        last = self._box.messages.last_seq
        interval = float(self._box.settings["notify_interval"])
        if last <= told or time.monotonic() - self._notified_at < interval:
            return
        self._notified_at = time.monotonic()
        self._state.put("archive", {"seq": last})
        self._box.emit("msgaudit_notify", AgentID=_ARCHIVE_AGENT)
