"""Durable answers to WeCom's callbacks: real server, real PostgreSQL that syncs every commit, and
the generator as a process of its own, all on the cores of this machine.

The peer is the bound: the same rows inserted bare by psycopg2, one commit each, over the same
number of connections. BENCH_CALLBACKS and BENCH_CONNECTIONS make smaller runs.
"""

import hashlib
import json
import os
import time
from multiprocessing import Process, Value
from threading import Thread

import psycopg2

from tests.bench import _flood
from tests.smoke.stack import Stack

COUNT = int(os.environ.get("BENCH_CALLBACKS", "50000"))
CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "16"))
_SERVERS, _THREADS = 2, 8


class CallbackStack(Stack):
    """Stores and the callback server; nobody else wants the cores."""

    def start(self) -> None:
        self.environment = self._environment()
        self.environment.update(self._local_defaults())
        self.manage("migrate", "-v0")
        from scrm.stack import processes

        self.launch("callbacks", processes.callbacks(self.callback_port))
        self.wait_for(f"http://127.0.0.1:{self.callback_port}/healthz", "callbacks")


def keys_of(stack: Stack) -> _flood.Keys:
    names = ("CORP_ID", "AGENT_ID", "CALLBACK_TOKEN", "CALLBACK_AES_KEY")
    return _flood.Keys(*(stack.environment[f"WECOM_{name}"] for name in names))


def flood(stack: Stack, sent: _flood.Flood, connections: int = CONNECTIONS) -> dict:
    """What the generator, a process of its own, measured."""
    return _flood.start(stack.var, sent.requests, stack.callback_port, connections).measured()


def run() -> list[dict]:
    with CallbackStack(durable=True) as stack:
        keys = keys_of(stack)
        flood(stack, _flood.prepare(keys, 500, seed=1))  # the server is warm, as it is in service
        _query(stack, "TRUNCATE channels_inboxevent CASCADE")
        sent = _flood.prepare(keys, COUNT)
        measured = flood(stack, sent)
        stored = _query(stack, "SELECT count(*) FROM channels_inboxevent")
        bare = _bare(stack, sent.genuine)
        return [_row(sent, measured, stored, bare, _decrypt_microseconds(keys, sent))]


def _row(sent: _flood.Flood, measured: dict, stored: int, bare: float, decrypt: float) -> dict:
    answered = [place for place, status in enumerate(measured["statuses"]) if status == 200]
    took = [measured["ms"][place] for place in answered]
    rate = len(answered) / measured["seconds"]
    repeated = sent.duplicates - (stored - sent.genuine)
    return {
        "name": "callbacks",
        "value": round(rate, 1),
        "unit": "durable answers/s",
        "p50_ms": round(_flood.percentile(took, 0.5), 1),
        "p99_ms": round(_flood.percentile(took, 0.99), 1),
        "sent": len(sent.requests),
        "statuses": _flood.counts(measured["statuses"]),
        "stored": stored,
        "distinct": sent.genuine,
        "dedupe_percent": round(100 * repeated / sent.duplicates, 2),
        "forged": sent.forged,
        "forged_accepted": len(sent.forged_places & set(answered)),
        "connections": CONNECTIONS,
        "peer": {"name": "bare psycopg2 inserts, one commit each", "value": round(bare, 1)},
        "ratio": round(rate / bare, 3),
        "decrypt_us": round(decrypt, 1),
        "cores": os.cpu_count(),
    }


def _query(stack: Stack, statement: str) -> int:
    connection = psycopg2.connect(stack.environment["DATABASE_URL"])
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0] if cursor.description else 0
    finally:
        connection.close()


# The bound

_INSERT = """
INSERT INTO bare (corp_id, agent_id, digest, event, change_type, body, happened_at, received_at,
    state, attempts, next_attempt_at, last_error)
VALUES ('ww', '1', %s, 'change_external_contact', 'edit_external_contact', %s, now(), now(), 'new',
    0, now(), '') ON CONFLICT DO NOTHING RETURNING id
"""
_BODY = json.dumps(
    {"ToUserName": "ww00000000000demo0", "FromUserName": "sys", "CreateTime": "1790000000",
     "MsgType": "event", "Event": "change_external_contact", "ChangeType": "edit_external_contact",
     "UserID": "rm000", "ExternalUserID": "wmFLOOD00000000000000000000000000"}
)  # fmt: skip


def _bare(stack: Stack, count: int) -> float:
    """Rows per second of as many processes and threads as the server has, without anything else."""
    _query(stack, "CREATE TABLE bare (LIKE channels_inboxevent INCLUDING ALL)")
    done = Value("i", 0)
    share = count // (_SERVERS * _THREADS)
    url = stack.environment["DATABASE_URL"]
    workers = [Process(target=_insert_all, args=(url, n, share, done)) for n in range(_SERVERS)]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert done.value == share * _SERVERS * _THREADS
    return done.value / (time.perf_counter() - began)


def _insert_all(url: str, server: int, share: int, done: "Value") -> None:
    def work(thread: int) -> None:
        connection = psycopg2.connect(url)
        connection.autocommit = True
        cursor = connection.cursor()
        for number in range(share):
            name = f"{server}/{thread}/{number}".encode()
            cursor.execute(_INSERT, [hashlib.sha256(name).hexdigest(), _BODY])
        connection.close()
        with done.get_lock():
            done.value += share

    threads = [Thread(target=work, args=(thread,)) for thread in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _decrypt_microseconds(keys: _flood.Keys, sent: _flood.Flood) -> float:
    """Signature and cipher of one callback, without parsing or storing it."""
    from urllib.parse import parse_qsl

    from channels.providers.wecom.callback import Credentials, open_message

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scrm.settings.demo")
    who = Credentials(keys.corp_id, keys.token, keys.aes_key)
    genuine = [r for n, r in enumerate(sent.requests[:2500]) if n not in sent.forged_places]
    ready = []
    for raw in genuine:
        head, _, body = raw.partition(b"\r\n\r\n")
        query = dict(parse_qsl(head.split(b" ")[1].decode().partition("?")[2]))
        ready.append((query, body))
    began = time.process_time()
    for query, body in ready:
        open_message(who, query, body)
    return 1e6 * (time.process_time() - began) / len(ready)
