"""Simulated people: members who tap "send" after a while, customers who click, answer, leave.

Everything that will happen lies in one agenda ordered by sandbox time, so skipping the clock makes
it happen at once. One seeded generator decides; with the same seed and the same order of requests
the same things happen.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import random
import re
from collections import Counter
from typing import Any, Final

from channels.sandbox.core import Sandbox
from channels.sandbox.corp import friends, mass_send
from channels.sandbox.errors import ControlError, WeComError
from channels.sandbox.people import browser, chat, codes, sentences
from channels.sandbox.state.messages import Message
from channels.sandbox.types import Doc

logger = logging.getLogger("wecom_sandbox.people")

DEFAULTS: Final[Doc] = {
    "enabled": False,
    "seed": 1,
    "speed": 1.0,
    "confirm_rate": 0.9,
    "confirm_seconds": 60.0,
    "click_rate": 0.25,
    "reply_rate": 0.1,
    "reply_seconds": 45.0,
    "answer_rate": 0.8,
    "risky_rate": 0.04,
    "delete_rate": 0.002,
    "chat_per_minute": 0.0,
    "add_per_minute": 0.0,
    # userids that a tester plays by hand: they confirm and answer nothing by themselves
    "played_members": [],
}
_LINK = re.compile(r"https?://[^\s\u3000-\u9fff，。！）\"'<>]+")
_ACTIONS_PER_TICK = 200
_SPONTANEOUS_PER_TICK = 50
_MOST_PLANNED = 200_000
_PARALLEL_CLICKS = 8


class PeopleEngine:
    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self._table = box.table("people")
        self._row = self._table.put("people", {**DEFAULTS, **(self._table.get("people") or {})})
        self._agenda: list[tuple[float, int, str, tuple[Any, ...]]] = []
        self._count = 0
        self._spontaneous_at = box.clock.now()
        self._clicks: set[asyncio.Task[None]] = set()
        self._gate = asyncio.Semaphore(_PARALLEL_CLICKS)
        self.done: Counter[str] = Counter()
        self._restart()
        box.task_observers.append(self._on_task)
        box.message_observers.append(self._on_messages)

    def settings(self) -> Doc:
        return {**self._row, "planned": len(self._agenda), "done": dict(self.done)}

    def configure(self, changes: Doc) -> None:
        for name, value in changes.items():
            if name not in DEFAULTS:
                raise ControlError(f"没有模拟人群设置 {name!r}。")
            if name == "played_members":
                if not isinstance(value, list):
                    raise ControlError("played_members 必须是 userid 的列表。")
            elif not isinstance(value, int | float):
                raise ControlError(f"模拟人群设置 {name!r} 必须是数字。")
        if changes.get("speed", 1) <= 0:
            raise ControlError("speed 必须大于 0。")
        self._row.update(changes)
        self._table.save("people")
        self._restart()

    def _restart(self) -> None:
        """Begin the same sequence again, with the confirmations that still wait."""
        self._random = random.Random(self._row["seed"])
        self._agenda.clear()
        for task in self._box.tasks.values() if self._row["enabled"] else ():
            if not task["cancelled"]:
                self._on_task(task)

    # what people notice

    def _on_task(self, task: Doc) -> None:
        if not self._row["enabled"]:
            return
        for userid in task["members"]:
            share = self._box.shares.rows[mass_send.share_key(task["msgid"], userid)]
            if userid in self._row["played_members"]:
                continue
            if share["status"] == 0 and self._chance("confirm_rate"):
                self._plan("confirm", "confirm_seconds", task["msgid"], userid)

    def _on_messages(self, messages: list[Message]) -> None:
        if not self._row["enabled"]:
            return
        for message in messages:
            if message.room or not message.customer or message.source in ("agree", "recall"):
                continue
            if message.sender == message.member:
                self._customer_sees(message)
            elif message.member in self._row["played_members"]:
                continue
            elif self._chance("answer_rate"):
                self._plan("member_says", "reply_seconds", message.member, message.customer)

    def _customer_sees(self, message: Message) -> None:
        link = _find_link(message.plain)
        if link and self._chance("click_rate"):
            self._plan("click", "reply_seconds", message.customer, link)
        if self._chance("reply_rate"):
            self._plan("customer_says", "reply_seconds", message.member, message.customer)
        if message.source == "mass" and self._chance("delete_rate"):
            self._plan("delete", "reply_seconds", message.member, message.customer)

    def _chance(self, rate: str) -> bool:
        return self._random.random() < float(self._row[rate])

    def _plan(self, what: str, mean: str, *arguments: Any) -> None:
        if len(self._agenda) >= _MOST_PLANNED:
            return
        delay = self._random.expovariate(1.0) * float(self._row[mean]) / float(self._row["speed"])
        self._count += 1
        heapq.heappush(self._agenda, (self._box.clock.now() + delay, self._count, what, arguments))

    # what people do

    def tick(self) -> None:
        if not self._row["enabled"]:
            return
        self._plan_spontaneous()
        now = self._box.clock.now()
        for _ in range(_ACTIONS_PER_TICK):
            if not self._agenda or self._agenda[0][0] > now:
                break
            _, _, what, arguments = heapq.heappop(self._agenda)
            self._perform(what, arguments)

    def _perform(self, what: str, arguments: tuple[Any, ...]) -> None:
        try:
            getattr(self, f"_do_{what}")(*arguments)
            self.done[what] += 1
        except (ControlError, WeComError):
            # The world has moved on: cancelled, already confirmed, no friends any more.
            self.done["overtaken"] += 1

    def _plan_spontaneous(self) -> None:
        """Conversations and additions that nobody's message caused, at a steady rate."""
        now = self._box.clock.now()
        elapsed = min(max(0.0, now - self._spontaneous_at), 60.0) * float(self._row["speed"])
        self._spontaneous_at = now
        for what, rate in (("open_chat", "chat_per_minute"), ("add", "add_per_minute")):
            expected = float(self._row[rate]) / 60 * elapsed
            times = int(expected) + int(self._random.random() < expected % 1)
            for _ in range(min(times, _SPONTANEOUS_PER_TICK)):
                self._perform(what, ())

    def _do_confirm(self, msgid: str, userid: str) -> None:
        mass_send.confirm(self._box, msgid, userid)

    def _do_customer_says(self, member: str, customer: str) -> None:
        self._speak(customer, member, member, customer, sentences.CUSTOMER_REPLIES)

    def _do_member_says(self, member: str, customer: str) -> None:
        risky = self._chance("risky_rate")
        choices = sentences.MEMBER_RISKY if risky else sentences.MEMBER_ANSWERS
        self.done["risky"] += int(risky)
        self._speak(member, customer, member, customer, choices)

    def _do_open_chat(self) -> None:
        member, customer = self._random_pair()
        self._speak(customer, member, member, customer, sentences.CUSTOMER_OPENERS)

    def _speak(
        self, speaker: str, listener: str, member: str, customer: str, choices: tuple[str, ...]
    ) -> None:
        box = self._box
        names = {
            "name": box.contacts.rows.get(customer, {}).get("name", ""),
            "rm": box.members.rows.get(member.lower(), {}).get("name", ""),
        }
        text = self._random.choice(choices).format(**names)
        chat.say(box, {"from": speaker, "to": listener, "text": text})

    def _do_delete(self, member: str, customer: str) -> None:
        friends.customer_delete(self._box, member, customer)

    def _do_add(self) -> None:
        ways = list(self._box.table("contact_ways").rows)
        if not ways:
            raise ControlError("没有可以扫的活码。")
        name = self._random.choice("赵钱孙李周吴郑王冯陈") + self._random.choice("女士先生")[:1]
        codes.scan(self._box, {"config_id": self._random.choice(ways), "name": name})

    def _random_pair(self) -> tuple[str, str]:
        keys = list(self._box.contacts.rows)
        if not keys:
            raise ControlError("还没有客户。")
        customer = self._random.choice(keys)
        follows = list(self._box.contacts.rows[customer]["follows"].values())
        if not follows:
            raise ControlError("这个人没有好友成员。")
        return self._random.choice(follows)["userid"], customer

    def _do_click(self, customer: str, url: str) -> None:
        task = asyncio.get_running_loop().create_task(self._click(customer, url))
        self._clicks.add(task)
        task.add_done_callback(self._clicks.discard)

    async def _click(self, customer: str, url: str) -> None:
        async with self._gate:
            result = await browser.click(self._box, customer, url)
        self.done["click_ok" if result["ok"] else "click_failed"] += 1

    async def stop(self) -> None:
        for task in list(self._clicks):
            task.cancel()
        await asyncio.gather(*self._clicks, return_exceptions=True)


def _find_link(plain: Doc) -> str:
    text = plain.get("text", {}).get("content", "")
    found = _LINK.search(text)
    return found[0] if found else str(plain.get("link", {}).get("link_url", ""))
