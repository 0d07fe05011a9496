"""Opens the records' random keys: RSA, the costliest step, in processes beside the database work.

Threads would not do: each would wait for the interpreter after every record. A helper process gets
a batch as a line of JSON, [[version, base64], …], and answers by another, [text key, …]; it reads
the private keys itself, so that none goes through a pipe. Starting one costs as much as opening 300
records, so they stay for the next round and end with this process. A few records are opened on the
spot, and so are those of a helper that died.

Run as a helper: python -m compliance.archive.unwrap FOLDER
"""

import atexit
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from queue import SimpleQueue
from typing import IO, Any, cast

from compliance.archive import keys
from compliance.archive.keys import KeyMissing

logger = logging.getLogger(__name__)
_WORTH_A_HELPER = 64
# What a helper says in place of a key whose private key is missing; of a damaged one it says null.
_MISSING = 0
# (publickey_ver, encrypt_random_key) of a record; its text key, None when damaged.
Sealed = tuple[int, str]
Opened = str | KeyMissing | None


def open_one(folder: str, item: Sealed) -> Opened:
    try:
        return keys.open_random_key(folder, *item)
    except KeyMissing as error:
        return error
    except ValueError:
        return None


def unwrapper(folder: str) -> "Unwrapper":
    """That of this process: one that was forked off has helpers of its own."""
    return _unwrapper(folder, os.getpid())


@cache
def _unwrapper(folder: str, pid: int) -> "Unwrapper":
    return Unwrapper(folder)


class Unwrapper:
    """Helpers start when first needed; they end when their input does, so with this process."""

    def __init__(self, folder: str, helpers: int = 0) -> None:
        self.folder = folder
        # One core is left to the database work.
        self.helpers = helpers or max(1, (os.cpu_count() or 2) - 1)
        self.pool = ThreadPoolExecutor(self.helpers)
        self.idle: SimpleQueue[subprocess.Popen[str]] = SimpleQueue()
        self.owner = os.getpid()
        atexit.register(self.end)

    def end(self) -> None:
        """Ends idle helpers; those of a process that this one was forked off are not ours to end."""
        while self.owner == os.getpid() and not self.idle.empty():
            self.idle.get().communicate()

    def open(self, items: list[Sealed]) -> "Opening":
        """Starts opening; `result()` waits for all, in order."""
        if len(items) < _WORTH_A_HELPER:
            keys.renew(self.folder)
            return Opening([[open_one(self.folder, item) for item in items]], [])
        size = -(-len(items) // self.helpers)
        parts = [items[at : at + size] for at in range(0, len(items), size)]
        return Opening([], [self.pool.submit(self._part, part) for part in parts])

    def _part(self, items: list[Sealed]) -> list[Opened]:
        try:
            answers = self._asked(items)
        except (OSError, ValueError) as error:
            logger.warning("no unwrap helper (%s), going on without it", type(error).__name__)
            return [open_one(self.folder, item) for item in items]
        versions = (version for version, _ in items)
        return [_answer(told, version) for told, version in zip(answers, versions, strict=True)]

    def _asked(self, items: list[Sealed]) -> list[Any]:
        helper = self._helper()
        try:
            answers = _ask(helper, items)
        except (OSError, ValueError):
            helper.kill()
            helper.communicate()
            raise
        self.idle.put(helper)
        return answers

    def _helper(self) -> "subprocess.Popen[str]":
        if not self.idle.empty():
            return self.idle.get()
        return subprocess.Popen(
            [sys.executable, "-m", "compliance.archive.unwrap", self.folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


class Opening:
    """Keys that are being opened."""

    def __init__(self, ready: list[list[Opened]], parts: "list[Future[list[Opened]]]") -> None:
        self.ready, self.parts = ready, parts

    def result(self) -> list[Opened]:
        done = self.ready + [part.result() for part in self.parts]
        return [opened for part in done for opened in part]


def _ask(helper: "subprocess.Popen[str]", items: list[Sealed]) -> list[Any]:
    """The helper answers only after it has read them all, so neither waits for the other's pipe."""
    into, out = helper.stdin, helper.stdout
    if into is None or out is None:
        raise OSError("helper without pipes")
    into.write(f"{json.dumps(items)}\n")
    into.flush()
    answers = json.loads(out.readline())
    if len(answers) != len(items):
        raise OSError("helper answered amiss")
    return list(answers)


def _answer(told: Any, version: int) -> Opened:
    return KeyMissing(f"缺少第 {version} 版私钥") if told == _MISSING else cast("str | None", told)


def _reply(opened: Opened) -> str | int | None:
    return _MISSING if isinstance(opened, KeyMissing) else opened


def serve(folder: str, lines: Iterable[str], out: IO[str]) -> None:
    """A helper's life: batch after batch until its input ends."""
    for line in lines:
        keys.renew(folder)
        answers = [_reply(open_one(folder, item)) for item in json.loads(line)]
        out.write(f"{json.dumps(answers)}\n")
        out.flush()


if __name__ == "__main__":
    serve(sys.argv[1], sys.stdin, sys.stdout)
