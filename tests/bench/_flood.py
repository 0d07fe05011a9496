"""Callbacks as WeCom pushes them, prepared beforehand, and a lean generator that sends them.

`python -m tests.bench._flood FILE OUT PORT CONNECTIONS` sends the requests of FILE over keep-alive
connections, one request open on each, and writes {"seconds", "statuses", "ms": [...]} to OUT.
"""

import json
import pickle
import random
import secrets
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from channels.sandbox import callback_cipher

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Keys:
    corp_id: str
    agent_id: str
    token: str
    aes_key: str


@dataclass
class Flood:
    """requests: raw HTTP, in the order of sending; genuine: distinct events among them."""

    requests: list[bytes]
    genuine: int
    duplicates: int
    forged: int
    # Which of the requests are forged, by place.
    forged_places: set[int]


def event(keys: Keys, number: int) -> str:
    now = int(time.time())
    return (
        f"<xml><ToUserName><![CDATA[{keys.corp_id}]]></ToUserName>"
        f"<FromUserName><![CDATA[sys]]></FromUserName><CreateTime>{now}</CreateTime>"
        f"<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_external_contact]]></Event>"
        f"<ChangeType><![CDATA[edit_external_contact]]></ChangeType>"
        f"<UserID><![CDATA[rm{number % 500:03d}]]></UserID>"
        f"<ExternalUserID><![CDATA[wmFLOOD{number:026d}]]></ExternalUserID></xml>"
    )


def request(keys: Keys, text: str, *, token: str = "") -> bytes:
    """One push with a fresh nonce; another token than the right one makes a forgery."""
    stamp, nonce = str(int(time.time())), secrets.token_hex(5)
    sealed = callback_cipher.encrypt(keys.aes_key, keys.corp_id, text)
    sign = callback_cipher.signature(token or keys.token, stamp, nonce, sealed)
    body = (
        f"<xml><ToUserName><![CDATA[{keys.corp_id}]]></ToUserName>"
        f"<AgentID><![CDATA[{keys.agent_id}]]></AgentID>"
        f"<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    )
    head = (
        f"POST /callbacks/wecom/{keys.corp_id}/{keys.agent_id}/"
        f"?msg_signature={sign}&timestamp={stamp}&nonce={nonce} HTTP/1.1\r\n"
        f"Host: 127.0.0.1\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


def prepare(keys: Keys, count: int, seed: int = 5) -> Flood:
    """10 % of `count` repeat an earlier event, 1 % are forged, the rest are distinct events."""
    duplicates, forged = count // 10, count // 100
    genuine = count - duplicates - forged
    rng = random.Random(seed)
    texts = [event(keys, number) for number in range(genuine)]
    order = [("new", text) for text in texts]
    order += [("again", rng.choice(texts)) for _ in range(duplicates)]
    order += [("forged", event(keys, 10**9 + number)) for number in range(forged)]
    rng.shuffle(order)
    requests = [
        request(keys, text, token="forged" if kind == "forged" else "") for kind, text in order
    ]
    places = {place for place, (kind, _) in enumerate(order) if kind == "forged"}
    return Flood(requests, genuine, duplicates, forged, places)


class Line:
    """One connection with at most one open request."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.place = -1
        self.began = 0.0
        self.got = b""
        self.connect()

    def connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, place: int, content: bytes) -> None:
        self.place, self.got, self.began = place, b"", time.perf_counter()
        self.socket.sendall(content)

    def status(self) -> int:
        """Of the answer if it is complete, else 0."""
        got = self.socket.recv(4096)
        if not got:
            raise ConnectionError("the server hung up")
        self.got += got
        head, gap, body = self.got.partition(b"\r\n\r\n")
        if not gap:
            return 0
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        return int(head[9:12]) if len(body) >= length else 0


def send_all(requests: list[bytes], port: int, connections: int) -> dict:
    """{"seconds", "statuses": [by place], "ms": [by place]}"""
    statuses, took = [0] * len(requests), [0.0] * len(requests)
    waiting: Iterator[tuple[int, bytes]] = iter(enumerate(requests))
    selector = selectors.DefaultSelector()
    began, open_lines = time.perf_counter(), 0
    for _ in range(connections):
        line = Line(port)
        selector.register(line.socket, selectors.EVENT_READ, line)
        open_lines += _next(line, waiting)
    while open_lines:
        for key, _ in selector.select():
            line = key.data
            status = line.status()
            if status:
                took[line.place] = 1000 * (time.perf_counter() - line.began)
                statuses[line.place] = status
                open_lines -= not _next(line, waiting)
    return {"seconds": time.perf_counter() - began, "statuses": statuses, "ms": took}


def _next(line: Line, waiting: Iterator[tuple[int, bytes]]) -> bool:
    following = next(waiting, None)
    if following is not None:
        line.send(*following)
    return following is not None


def start(folder: Path, requests: list[bytes], port: int, connections: int) -> "Running":
    """Sends them from a process of its own; `folder` takes its files."""
    file, out = folder / "requests.pickle", folder / "measured.json"
    file.write_bytes(pickle.dumps(requests))
    command = [sys.executable, "-m", "tests.bench._flood", str(file), str(out)]
    process = subprocess.Popen([*command, str(port), str(connections)], cwd=ROOT)
    return Running(process, out)


@dataclass
class Running:
    process: "subprocess.Popen[bytes]"
    out: Path

    def ended(self) -> bool:
        return self.process.poll() is not None

    def measured(self) -> dict:
        if self.process.wait():
            raise RuntimeError("the generator failed")
        return json.loads(self.out.read_text())


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def counts(statuses: list[int]) -> dict[int, int]:
    return dict(Counter(statuses))


if __name__ == "__main__":
    file, out, port, connections = sys.argv[1:5]
    measured = send_all(pickle.loads(Path(file).read_bytes()), int(port), int(connections))
    Path(out).write_text(json.dumps(measured))
