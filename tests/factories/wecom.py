"""The real WeCom sandbox for tests: in a thread, on a loopback socket, with our credentials."""

from pathlib import Path

from django.conf import settings

from channels.inbox import intake, processing
from channels.providers.wecom import api
from channels.providers.wecom.sandbox_control import SandboxControl
from channels.sandbox.config import Config
from tests.channels.sandbox.harness import Server


class Corp(SandboxControl):
    """Controls of a running sandbox, plus the acts that tests need most."""

    def act(self, action: str, **fields: object) -> dict:
        return self.post("act", {"action": action, **fields})

    def fault(self, kind: str, match: str = "*", value: object = None, times: int = 1) -> None:
        self.post("faults", [{"match": match, "kind": kind, "value": value, "times": times}])

    def tasks(self) -> list[dict]:
        return self.get("tasks")["tasks"]

    def received(self, external_userid: str) -> list[str]:
        """Texts that this customer has on their phone."""
        rows = self.get("messages", external_userid=external_userid)["messages"]
        return [row["text"] for row in rows if row["from"] != external_userid]


def deliver(corp: Corp) -> None:
    """What the sandbox would have called back since the last delivery, stored and handled."""
    rows = corp.get("callbacks", limit=1000)["callbacks"]
    for row in reversed(rows):
        intake.store(corp_id=settings.WECOM_CORP_ID, agent_id="1", xml=row["xml"].encode())
    processing.drain()


class BankServer(Server):
    def __init__(self, state: Path) -> None:
        super().__init__(state)
        self._config = Config(
            host="127.0.0.1",
            port=self.port,
            state_dir=state,
            public_url=f"http://127.0.0.1:{self.port}",
            corp_id=settings.WECOM_CORP_ID,
            agent_id=settings.WECOM_AGENT_ID,
            agent_secret=settings.WECOM_AGENT_SECRET,
            archive_secret=settings.WECOM_ARCHIVE_SECRET,
            callback_token=settings.WECOM_CALLBACK_TOKEN,
            callback_aes_key=settings.WECOM_CALLBACK_AES_KEY,
            callback_url="",
            public_keys_dir=None,
        )


def forget_clients() -> None:
    """Each test has a sandbox of its own, so no client may outlive it."""
    api.wecom_app.cache_clear()


def world(members: dict[str, str], contacts: list[dict]) -> dict:
    return {
        "replace": True,
        "departments": [{"id": 1, "name": "总行", "parentid": 0}],
        "members": [
            {"userid": userid, "name": name, "department": [1], "position": "客户经理"}
            for userid, name in members.items()
        ],
        "contacts": contacts,
        "tag_groups": [],
    }


def contact(external_userid: str, userid: str, **facts: object) -> dict:
    follow = {
        "userid": userid,
        "remark": "",
        "remark_mobiles": facts.pop("mobiles", []),
        "state": "",
        "add_way": 1,
        "createtime": 1_750_000_000,
        "tag_id": [],
    }
    return {
        "external_userid": external_userid,
        "name": facts.pop("name", "客户"),
        "unionid": facts.pop("unionid", ""),
        "gender": 1,
        "follows": [follow],
        **facts,
    }
