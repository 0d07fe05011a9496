"""The sandbox's own controls. WeCom has nothing like them; demo, smoke and tests use them."""

from typing import Any

import requests

_TIMEOUT = 30


class SandboxControl:
    """Talks to /sandbox/api/ of a running WeCom sandbox."""

    def __init__(self, url: str) -> None:
        self.base = url.rstrip("/") + "/sandbox/api/"
        self.http = requests.Session()

    def get(self, path: str, **params: Any) -> Any:
        response = self.http.get(self.base + path, params=params, timeout=_TIMEOUT)
        response.raise_for_status()
        return response.json()

    def post(self, path: str, body: Any) -> Any:
        response = self.http.post(self.base + path, json=body, timeout=_TIMEOUT)
        response.raise_for_status()
        return response.json()

    def is_up(self) -> bool:
        try:
            return bool(self.get("health").get("ok"))
        except (requests.RequestException, ValueError):
            return False
