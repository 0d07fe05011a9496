"""Requests per second of the WeCom sandbox on one core, reads and writes, over raw sockets.

The bounds stand in the same run: an aiohttp server whose handler does nothing but answer the same
bytes, and SQLite doing nothing but the commits. `cpu` is the sandbox's own processor time per
request, which is what one core allows whatever the client costs.
"""

import json
import os
import secrets
import selectors
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import requests

from scrm import embedded

SECONDS = float(os.environ.get("BENCH_SECONDS", "6"))
CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "32"))
CUSTOMERS = int(os.environ.get("BENCH_SANDBOX_CUSTOMERS", "20000"))
_CORP, _SECRET = "wwbench0000000001", "bench-secret"
_MEMBERS = 100
# Answers one fixed body; what the HTTP layer costs without any sandbox behind it.
_BARE = """
import sys
from aiohttp import web
body = b'{"errcode":0,"errmsg":"ok"}'
async def answer(request):
    await request.read()
    return web.Response(body=body, content_type="application/json", charset="utf-8")
app = web.Application()
app.router.add_route("*", "/cgi-bin/{path:.+}", answer)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
"""
Requests = Callable[[int], bytes]


def run() -> list[dict]:
    with _server(_BARE) as (port, process):
        bare = measure(port, process, _get_contact("t"))
    with _sandbox() as (port, process):
        token = _prepared(port)
        kinds: dict[str, Requests] = {
            "read": _get_contact(token),
            "write": _remark(token),
            "mixed": _mixed(_get_contact(token), _remark(token)),
        }
        rows = {kind: measure(port, process, make) for kind, make in kinds.items()}
    commits = _bare_commits()
    return [_line(kind, row, bare, commits) for kind, row in rows.items()]


def _line(kind: str, row: dict, bare: dict, commits: float) -> dict:
    return {
        "name": f"sandbox_{kind}",
        "value": row["per_second"],
        "unit": "requests/s",
        "per_core": row["per_core"],
        "cpu_ms": row["cpu_ms"],
        "errors": row["errors"],
        "bound": {"name": "aiohttp alone", **bare},
        "ratio": round(bare["per_second"] / row["per_second"], 2),
        "sqlite_commits_per_second": commits,
        "connections": CONNECTIONS,
        "customers": CUSTOMERS,
    }


# Servers


@contextmanager
def _server(code: str) -> Iterator[tuple[int, psutil.Process]]:
    port = embedded.free_port()
    with _running([sys.executable, "-c", code, str(port)]) as process:
        _await_port(port)
        yield port, process


@contextmanager
def _sandbox() -> Iterator[tuple[int, psutil.Process]]:
    port = embedded.free_port()
    with tempfile.TemporaryDirectory(prefix="scrm-bench-") as folder:
        command = [sys.executable, "-m", "channels.sandbox", "--port", str(port)]
        command += ["--state", folder, "--corp-id", _CORP, "--agent-secret", _SECRET]
        with _running(command) as process:
            _await_port(port)
            yield port, process


@contextmanager
def _running(command: list[str]) -> Iterator[psutil.Process]:
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def _await_port(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {port}")


def _prepared(port: int) -> str:
    """A world of CUSTOMERS people and no frequency limits; the app's token."""
    base = f"http://127.0.0.1:{port}"
    members = [{"userid": f"rm{n:04d}", "name": f"经理{n}"} for n in range(_MEMBERS)]
    contacts = [
        {
            "external_userid": f"wm{n:010d}",
            "name": f"客户{n}",
            "unionid": f"union{n}",
            "follows": [{"userid": f"rm{n % _MEMBERS:04d}", "remark_mobiles": [f"138{n:08d}"]}],
        }
        for n in range(CUSTOMERS)
    ]
    world = {"replace": True, "members": members, "contacts": contacts}
    requests.post(f"{base}/sandbox/api/world", json=world, timeout=60).raise_for_status()
    unlimited = {"per_minute": 0, "per_hour": 0}
    requests.post(f"{base}/sandbox/api/settings", json=unlimited, timeout=10).raise_for_status()
    query = {"corpid": _CORP, "corpsecret": _SECRET}
    answer = requests.get(f"{base}/cgi-bin/gettoken", params=query, timeout=10).json()
    return str(answer["access_token"])


# Requests, by number


def _get_contact(token: str) -> Requests:
    def make(number: int) -> bytes:
        who = f"wm{number % CUSTOMERS:010d}"
        path = f"externalcontact/get?access_token={token}&external_userid={who}"
        return f"GET /cgi-bin/{path} HTTP/1.1\r\nHost: sandbox\r\n\r\n".encode()

    return make


def _remark(token: str) -> Requests:
    def make(number: int) -> bytes:
        number %= CUSTOMERS
        body = json.dumps(
            {
                "userid": f"rm{number % _MEMBERS:04d}",
                "external_userid": f"wm{number:010d}",
                "remark": secrets.token_hex(4),
            }
        ).encode()
        path = f"/cgi-bin/externalcontact/remark?access_token={token}"
        head = f"POST {path} HTTP/1.1\r\nHost: sandbox\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + body

    return make


def _mixed(read: Requests, write: Requests) -> Requests:
    return lambda number: write(number) if number % 2 else read(number)


# The client: one request in flight on each connection


def measure(port: int, process: psutil.Process, make: Requests) -> dict:
    client = _Client(port, make)
    client.run(SECONDS / 4)  # warm
    client.done = client.errors = 0
    cpu = sum(process.cpu_times()[:2])
    spent = client.run(SECONDS)
    cpu = sum(process.cpu_times()[:2]) - cpu
    client.close()
    return {
        "per_second": round(client.done / spent),
        "per_core": round(client.done / cpu),
        "cpu_ms": round(1000 * cpu / client.done, 3),
        "errors": client.errors,
    }


class _Client:
    def __init__(self, port: int, make: Requests) -> None:
        self.make = make
        self.number = self.done = self.errors = 0
        self.selector = selectors.DefaultSelector()
        for _ in range(CONNECTIONS):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(connection, selectors.EVENT_READ)

    def run(self, seconds: float) -> float:
        """Seconds it took: every request that was begun is answered."""
        waiting = {key.fileobj for key in self.selector.get_map().values()}
        start = time.perf_counter()
        for connection in waiting:
            self._ask(connection)
        while waiting:
            for key, _ in self.selector.select(5):
                self._take(key.fileobj.recv(65536))  # type: ignore[union-attr]
                if time.perf_counter() - start < seconds:
                    self._ask(key.fileobj)
                else:
                    waiting.discard(key.fileobj)
        return time.perf_counter() - start

    def _ask(self, connection: object) -> None:
        self.number += 1
        connection.sendall(self.make(self.number))  # type: ignore[attr-defined]

    def _take(self, answer: bytes) -> None:
        self.done += 1
        self.errors += b'"errcode":0' not in answer

    def close(self) -> None:
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self.selector.close()


def _bare_commits() -> float:
    """Commits per second of one row each, with the sandbox's own pragmas."""
    with tempfile.TemporaryDirectory(prefix="scrm-bench-") as folder:
        db = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute("CREATE TABLE docs (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
        start, count = time.perf_counter(), 0
        while time.perf_counter() - start < SECONDS / 4:
            db.execute("BEGIN")
            row = (f"wm{count % CUSTOMERS:010d}", "x" * 600)
            db.execute("REPLACE INTO docs VALUES (?, ?)", row)
            db.execute("COMMIT")
            count += 1
        spent = time.perf_counter() - start
        db.close()
    return round(count / spent)
