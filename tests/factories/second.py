"""A second corporation of the same bank, in a sandbox of its own."""

from pathlib import Path

from channels.sandbox.config import Config
from tests.factories import wecom as sandbox

SECOND = {
    "corp_id": "wwsecondbank00001",
    "agent_id": 7,
    "name": "信用卡中心",
    "secret": "second-secret",
    "callback_token": "secondToken",
    "callback_aes_key": "b" * 43,
}


class SecondServer(sandbox.BankServer):
    def __init__(self, state: Path) -> None:
        super().__init__(state)
        self._config = Config(
            **{
                **vars_of(self._config),
                "corp_id": SECOND["corp_id"],
                "agent_id": SECOND["agent_id"],
                "agent_secret": SECOND["secret"],
            }
        )


def vars_of(config: Config) -> dict:
    return {name: getattr(config, name) for name in config.__dataclass_fields__}
