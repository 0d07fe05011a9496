"""Fault switches: what a network and a busy vendor do to a client, on demand.

A rule: {id, match, kind, value, times}; `times` -1 = until removed. `match` is an endpoint such as
"externalcontact/list", "*", or a prefix ending in "*".
"""

from __future__ import annotations

from typing import Any, Final

from channels.sandbox.errors import ControlError
from channels.sandbox.state.store import Store
from channels.sandbox.types import Doc, Docs

# kinds that answer with an errcode
CODES: Final[dict[str, int]] = {
    "token_expired": 42001,
    "token_revoked": 40014,
    "app_disabled": 50003,
    "ip_refused": 60020,
    "concurrency": 45033,
    "rate": 45009,
}
KINDS: Final = (
    "errcode", "http", "html", "empty", "latency", "drop_before", "drop_after", *CODES,
)  # fmt: skip


class Faults:
    def __init__(self, store: Store) -> None:
        self._table = store.table("faults")

    @property
    def active(self) -> bool:
        return bool(self._table.rows)

    def rules(self) -> Docs:
        return list(self._table.values())

    def add(self, rules: list[Any]) -> None:
        for checked in [_checked(rule) for rule in rules]:
            number = 1 + max((int(key) for key in self._table), default=0)
            self._table.put(str(number), {"id": number, **checked})

    def remove(self, number: str | None) -> None:
        if number is None:
            self._table.clear()
        else:
            self._table.drop(number)

    def take(self, path: str) -> Doc | None:
        """The first matching rule; counts it down and forgets it when used up."""
        for key, rule in list(self._table.rows.items()):
            if not _matches(rule["match"], path):
                continue
            if rule["times"] > 0:
                rule["times"] -= 1
                self._table.save(key)
                if rule["times"] == 0:
                    self._table.drop(key)
            return rule
        return None


def _matches(pattern: str, path: str) -> bool:
    if pattern.endswith("*"):
        return path.startswith(pattern[:-1])
    return path == pattern


def _checked(rule: Any) -> Doc:
    if not isinstance(rule, dict) or rule.get("kind") not in KINDS:
        raise ControlError(f"每个故障都要有 kind，可用的有：{', '.join(KINDS)}。")
    times = rule.get("times", -1)
    if not isinstance(times, int) or times == 0:
        raise ControlError("times 必须是正整数，或用 -1 表示一直有效。")
    value = rule.get("value")
    if rule["kind"] in ("errcode", "http", "latency") and not isinstance(value, int | float):
        raise ControlError(f"{rule['kind']} 类故障需要数字 value。")
    return {
        "match": str(rule.get("match", "*")), "kind": rule["kind"], "value": value, "times": times,
    }  # fmt: skip
