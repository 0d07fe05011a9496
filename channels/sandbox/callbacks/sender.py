"""Delivers queued callbacks: signed, encrypted, five seconds, three tries."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp

from channels.sandbox import callback_cipher

if TYPE_CHECKING:
    from channels.sandbox.core import Sandbox

logger = logging.getLogger("wecom_sandbox.callbacks")
# Of its own: it runs in a thread, and who draws lots beside it must get the same ones again.
_dice = random.Random()


@dataclass(frozen=True, slots=True)
class Packet:
    """What goes over the wire for one callback."""

    query: dict[str, str]
    body: str


def build_packet(box: Sandbox, xml: str, corp_id: str = "", timestamp: int = 0) -> Packet:
    """The query time is the real one even when the sandbox clock is moved.

    A receiver compares it with its own clock; the event's CreateTime follows the sandbox clock.
    """
    config = box.config
    encrypted = callback_cipher.encrypt(config.callback_aes_key, corp_id or config.corp_id, xml)
    stamp, nonce = str(timestamp or int(time.time())), str(secrets.randbelow(10**10))
    query = {
        "msg_signature": callback_cipher.signature(config.callback_token, stamp, nonce, encrypted),
        "timestamp": stamp,
        "nonce": nonce,
    }
    body = (
        f"<xml><ToUserName><![CDATA[{corp_id or config.corp_id}]]></ToUserName>"
        f"<AgentID><![CDATA[{config.agent_id}]]></AgentID>"
        f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    )
    return Packet(query, body)


class CallbackSender:
    def __init__(self, box: Sandbox, http: aiohttp.ClientSession) -> None:
        self._box = box
        self._http = http
        self._packets: dict[str, Packet] = {}
        self._workers: list[asyncio.Task[None]] = []

    def start(self) -> None:
        for _ in range(max(1, int(self._box.settings["callback_parallel"]))):
            self._workers.append(asyncio.create_task(self._work()))

    async def stop(self) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    async def _work(self) -> None:
        outbox = self._box.callbacks
        while True:
            key = await outbox.queue.get()
            if self._box.settings["callback_reorder"]:
                await asyncio.sleep(_dice.uniform(0, 0.4))
            try:
                await self._send_one(key)
            except Exception:
                # One odd row must not stop all further callbacks.
                logger.exception("callback %s could not be processed", key)

    async def _send_one(self, key: str) -> None:
        row = self._box.callbacks.get(key)
        if row is None or row["status"] != "pending":
            return
        packet = self._packets.get(key) or build_packet(self._box, row["xml"])
        self._packets[key] = packet
        status, milliseconds = await self.post(packet)
        if self._box.callbacks.get(key) is None:
            # A new world was loaded meanwhile.
            return
        tries = self._box.callbacks.note_attempt(key, status, milliseconds)
        if status == 200:
            self._close(key, "ok")
            await self._maybe_duplicate(packet)
        elif tries >= self._box.settings["callback_tries"]:
            self._close(key, "failed")
        else:
            delay = self._box.settings["callback_retry_seconds"]
            asyncio.get_running_loop().call_later(delay, self._box.callbacks.queue.put_nowait, key)
        self._box.commit()

    def _close(self, key: str, status: str) -> None:
        self._packets.pop(key, None)
        self._box.callbacks.finish(key, status)

    async def _maybe_duplicate(self, packet: Packet) -> None:
        if _dice.random() < self._box.settings["callback_duplicates"]:
            await self.post(packet)

    async def post(self, packet: Packet, url: str = "") -> tuple[int | str, int]:
        """(HTTP status, or a word for a failed connection; milliseconds)"""
        started = time.monotonic()
        timeout = aiohttp.ClientTimeout(total=self._box.settings["callback_timeout"])
        try:
            async with self._http.post(
                url or self._box.config.callback_url,
                params=packet.query,
                data=packet.body.encode(),
                headers={"Content-Type": "text/xml; charset=utf-8"},
                timeout=timeout,
                allow_redirects=False,
            ) as answer:
                await answer.read()
                status: int | str = answer.status
        except TimeoutError:
            status = "timeout"
        except (aiohttp.ClientError, OSError):
            status = "unreachable"
        return status, int((time.monotonic() - started) * 1000)

    async def check_url(self) -> dict[str, object]:
        """WeCom's check when an admin saves the URL: plain echo within one second."""
        plain = str(secrets.randbelow(10**19))
        config = self._box.config
        echo = callback_cipher.encrypt(config.callback_aes_key, config.corp_id, plain)
        stamp, nonce = str(int(time.time())), str(secrets.randbelow(10**10))
        sign = callback_cipher.signature(config.callback_token, stamp, nonce, echo)
        query = {"msg_signature": sign, "timestamp": stamp, "nonce": nonce, "echostr": echo}
        timeout = aiohttp.ClientTimeout(total=1)
        try:
            async with self._http.get(config.callback_url, params=query, timeout=timeout) as got:
                text, status = await got.text(), got.status
        except (TimeoutError, aiohttp.ClientError, OSError):
            return {"ok": False, "status": "unreachable or slower than one second"}
        return {"ok": status == 200 and text == plain, "status": status}
