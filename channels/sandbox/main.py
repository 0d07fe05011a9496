"""Command line entry: start, serve until SIGTERM or SIGINT, stop cleanly."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import logging
import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import TextIO

from aiohttp import web

from channels.sandbox.app import build_app
from channels.sandbox.config import Config, parse_config
from channels.sandbox.core import Sandbox
from channels.sandbox.errors import ControlError


class StartError(Exception):
    """Carries the one sentence that the operator sees."""


def main(argv: list[str] | None = None) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    # aiohttp's access log would print query strings, and those hold secrets.
    logging.getLogger("aiohttp.access").setLevel(logging.CRITICAL)
    try:
        config = parse_config(sys.argv[1:] if argv is None else argv)
        with _lock(config.state_dir):
            asyncio.run(_serve(config))
    except (StartError, ValueError) as error:
        print(f"wecom sandbox: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _lock(folder: Path) -> TextIO:
    """One server per state folder; the lock dies with the process."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise StartError(f"the state folder {folder} is not writable")
        handle = (folder / "lock").open("w")
    except OSError as error:
        raise StartError(f"the state folder {folder} cannot be used: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        raise StartError(f"the state folder {folder} is used by another sandbox") from None
    return handle


async def _serve(config: Config) -> None:
    try:
        box = Sandbox(config)
    except (sqlite3.Error, OSError, ControlError) as error:
        raise StartError(f"the state in {config.state_dir} cannot be read: {error}") from None
    runner = web.AppRunner(
        build_app(box), access_log=None, handle_signals=False, shutdown_timeout=3
    )
    await runner.setup()
    try:
        await _listen(runner, config)
        await _until_signal()
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, config: Config) -> None:
    site = web.TCPSite(runner, config.host, config.port, backlog=1024, reuse_address=True)
    try:
        await site.start()
    except OSError as error:
        busy = error.errno == errno.EADDRINUSE
        why = "is already in use" if busy else f"cannot be opened ({error.strerror})"
        raise StartError(f"port {config.port} on {config.host} {why}") from None
    logging.getLogger("wecom_sandbox").info("listening on %s port %s", config.host, config.port)


async def _until_signal() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
