"""A WeCom that pushes encrypted callbacks and, like the real one, pushes again what is not answered."""

import secrets
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

import requests
from wechatpy.work.crypto import WeChatCrypto

from tests.smoke.stack import Stack


class Pusher:
    """Sends distinct events from several threads; remembers which were answered with 200."""

    def __init__(self, stack: Stack, threads: int = 8) -> None:
        environment = stack.environment
        self.url = environment["WECOM_CALLBACK_URL"]
        self.corp = environment["WECOM_CORP_ID"]
        self.crypto = WeChatCrypto(
            environment["WECOM_CALLBACK_TOKEN"], environment["WECOM_CALLBACK_AES_KEY"], self.corp
        )
        self.pool = ThreadPoolExecutor(threads)
        self.local = threading.local()
        self.answered: set[str] = set()
        self.lock = threading.Lock()
        self.repeats = 0
        self.open: list[Future[None]] = []

    def push(self, events: list[tuple[str, str]]) -> None:
        """events: (name, inner XML). They go out while the caller does something else."""
        self.open += [self.pool.submit(self._push, *event) for event in events]

    def finish(self) -> None:
        """Returns when each has been answered; raises when one never was."""
        for one in self.open:
            one.result()

    def _push(self, name: str, xml: str) -> None:
        deadline = time.monotonic() + 120
        while not self._once(xml):
            if time.monotonic() > deadline:
                raise AssertionError(f"{name} was never answered")
            time.sleep(0.2)
        with self.lock:
            self.answered.add(name)

    def _once(self, xml: str) -> bool:
        stamp, nonce = str(int(time.time())), secrets.token_hex(6)
        body = self.crypto.encrypt_message(xml, nonce, stamp)
        signature = body.split("<MsgSignature><![CDATA[")[1].split("]]>")[0]
        query = {"msg_signature": signature, "timestamp": stamp, "nonce": nonce}
        if not hasattr(self.local, "http"):
            self.local.http = requests.Session()
        try:
            answer = self.local.http.post(self.url, params=query, data=body.encode(), timeout=5)
        except requests.RequestException:
            with self.lock:
                self.repeats += 1
            return False
        return answer.status_code == 200
