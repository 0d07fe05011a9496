"""A sandbox on a real loopback socket, and a receiver for its callbacks."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from wechatpy.work.crypto import WeChatCrypto

from channels.sandbox.app import build_app
from channels.sandbox.archive_cipher import decrypt
from channels.sandbox.config import Config
from channels.sandbox.core import Sandbox

CORP, AGENT = "wwtest0000000001", 1000007
SECRET, ARCHIVE = "agent-secret-for-tests", "archive-secret-for-tests"
TOKEN, AES_KEY = "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], Any], seconds: float = 5.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("waited in vain")


def make_config(state: Path, port: int, callback_url: str = "") -> Config:
    return Config(
        host="127.0.0.1",
        port=port,
        state_dir=state,
        public_url=f"http://127.0.0.1:{port}",
        corp_id=CORP,
        agent_id=AGENT,
        agent_secret=SECRET,
        archive_secret=ARCHIVE,
        callback_token=TOKEN,
        callback_aes_key=AES_KEY,
        callback_url=callback_url,
        public_keys_dir=None,
    )


class Client:
    """Speaks to a running sandbox as the bank's server and as a tester."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self._tokens: dict[str, str] = {}

    def raw(self, path: str, **params: str) -> requests.Response:
        return requests.get(f"{self.base}/cgi-bin/{path}", params=params, timeout=10)

    def token(self, secret: str = SECRET) -> str:
        if secret not in self._tokens:
            answer = self.raw("gettoken", corpid=CORP, corpsecret=secret).json()
            self._tokens[secret] = answer["access_token"]
        return self._tokens[secret]

    def forget_tokens(self) -> None:
        self._tokens.clear()

    def get(self, path: str, *, secret: str = SECRET, **params: object) -> dict[str, Any]:
        query = {"access_token": self.token(secret), **{k: str(v) for k, v in params.items()}}
        answer: dict[str, Any] = self.raw(path, **query).json()
        return answer

    def post(self, path: str, body: object, *, secret: str = SECRET) -> dict[str, Any]:
        answer = requests.post(
            f"{self.base}/cgi-bin/{path}",
            params={"access_token": self.token(secret)},
            data=json.dumps(body, ensure_ascii=False).encode(),
            timeout=20,
        )
        found: dict[str, Any] = answer.json()
        return found

    def all_pages(self, path: str, body: dict[str, Any], key: str) -> list[Any]:
        rows: list[Any] = []
        cursor = ""
        while True:
            answer = self.post(path, {**body, "cursor": cursor})
            assert answer["errcode"] == 0, answer
            rows += answer[key]
            cursor = answer.get("next_cursor", "")
            if not cursor:
                return rows

    def control(self, path: str, body: object = None, method: str = "") -> Any:
        method = method or ("GET" if body is None else "POST")
        answer = requests.request(method, f"{self.base}/sandbox/api/{path}", json=body, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def act(self, action: str, **fields: object) -> dict[str, Any]:
        answer: dict[str, Any] = self.control("act", {"action": action, **fields})
        return answer

    def refused(self, path: str, body: object) -> str:
        answer = requests.post(f"{self.base}/sandbox/api/{path}", json=body, timeout=10)
        assert answer.status_code == 400, answer.text
        return str(answer.json()["error"])

    def advance(self, seconds: float) -> None:
        """Tokens may have expired afterwards."""
        self.forget_tokens()
        self.control("clock", {"advance": seconds})


class Server:
    """The sandbox in a thread of this process."""

    def __init__(self, state: Path, callback_url: str = "") -> None:
        self.port = free_port()
        self._config = make_config(state, self.port, callback_url)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Client:
        self._config.state_dir.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        assert self._ready.wait(10)
        return Client(self.port)

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        runner = web.AppRunner(build_app(Sandbox(self._config)), access_log=None)
        self._loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", self.port)
        self._loop.run_until_complete(site.start())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()


class Receiver:
    """The bank's callback endpoint: verifies and decrypts with wechatpy, remembers, answers."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.answers: list[int] = []  # statuses to give before 200
        self.refused = 0
        self.slow = 0.0
        self.crypto = WeChatCrypto(TOKEN, AES_KEY, CORP)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.send_response(receiver.take(self.path, body))
                self.end_headers()

            def do_GET(self) -> None:
                query = {key: row[0] for key, row in parse_qs(urlsplit(self.path).query).items()}
                plain = receiver.crypto.check_signature(
                    query["msg_signature"], query["timestamp"], query["nonce"], query["echostr"]
                )
                self.send_response(200)
                self.end_headers()
                self.wfile.write(plain.encode() if isinstance(plain, str) else plain)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/callback/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, path: str, body: str) -> int:
        time.sleep(self.slow)
        if self.answers:
            return self.answers.pop(0)
        query = {key: row[0] for key, row in parse_qs(urlsplit(path).query).items()}
        try:
            plain = self.crypto.decrypt_message(
                body, query["msg_signature"], query["timestamp"], query["nonce"]
            )
        except Exception:
            self.refused += 1
            return 403
        self.events.append(plain if isinstance(plain, str) else plain.decode())
        return 200

    def wait(self, text: str, seconds: float = 6.0) -> str:
        found = wait_for(lambda: [event for event in self.events if text in event], seconds)
        return str(found[0])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def rsa_pair() -> tuple[rsa.RSAPrivateKey, str]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private, pem.decode()


def open_record(private: rsa.RSAPrivateKey, record: dict[str, Any]) -> dict[str, Any]:
    wrapped = base64.b64decode(record["encrypt_random_key"])
    random_key = private.decrypt(wrapped, padding.PKCS1v15()).decode()
    plain: dict[str, Any] = json.loads(decrypt(random_key, record["encrypt_chat_msg"]))
    return plain


def small_world(customers: int = 7) -> dict[str, Any]:
    """Two members; alice follows everybody, bob also the first two."""
    contacts = []
    for number in range(customers):
        follows = [{"userid": "Alice", "createtime": 1_700_000_000 + number, "add_way": 1}]
        if number < 2:
            follows.append({"userid": "bob", "createtime": 1_600_000_000, "tag_id": ["et_gold"]})
        contacts.append(
            {
                "external_userid": f"wm{number:05d}",
                "name": f"客户{number}",
                "unionid": f"union{number}",
                "follows": follows,
            }
        )
    return {
        "replace": True,
        "departments": [
            {"id": 1, "name": "总行", "parentid": 0},
            {"id": 2, "name": "杭州分行", "parentid": 1},
        ],
        "members": [
            {"userid": "Alice", "name": "王爱丽", "department": [2], "position": "客户经理"},
            {"userid": "bob", "name": "李博", "department": [1], "position": "客户经理"},
        ],
        "contacts": contacts,
        "tag_groups": [
            {
                "group_id": "et_level",
                "group_name": "等级",
                "tag": [{"id": "et_gold", "name": "金卡"}, {"id": "et_silver", "name": "银卡"}],
            }
        ],
    }
