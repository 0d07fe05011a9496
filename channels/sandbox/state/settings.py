"""The corp's adjustable rules: what WeCom changes over the years, or leaves unpublished."""

from __future__ import annotations

from typing import Any, Final

from channels.sandbox.errors import ControlError
from channels.sandbox.state.store import Store
from channels.sandbox.types import Doc

DEFAULTS: Final[Doc] = {
    # tokens and access
    "token_seconds": 7200,
    "wrong_secret_limit": 2000,
    "disabled_apps": [],  # "agent", "archive"
    "trusted_ips": [],  # empty = every address
    "trusted_domains": [],  # of OAuth redirects; empty = every domain
    "callable_app": True,  # False: customer endpoints answer 48002
    "hidden_members": [],  # outside the visible range
    "refuse_unicode_escapes": True,
    # limits; 0 = off
    "per_minute": 10_000,
    "per_hour": 150_000,
    "concurrency": 0,
    "archive_per_minute": 4000,
    "tag_limit": 10_000,
    "tag_owners": True,  # an app may edit and delete only tags it made
    # paging
    "short_pages": True,
    # mass send
    "dispatch_seconds": 3,
    "receipt_cap": "month_days",  # month_days | week7 | day1 | none
    "reminds_per_day": 3,
    # welcome
    "welcome_seconds": 20,
    "console_welcome_members": [],  # these get no welcome code
    "welcome_needs_agree": False,
    # moments, transfers, groups
    "moment_job_seconds": 3,
    "transfer_seconds": 86_400,
    "transfer_limit": 2,
    "group_lag_seconds": 2,
    "group_capacity": 200,
    # callbacks
    "callback_timeout": 5.0,
    "callback_tries": 3,
    "callback_retry_seconds": 2.0,
    "callback_parallel": 4,
    "callback_duplicates": 0.0,  # probability of sending an accepted event again
    "callback_reorder": False,
    # archive
    "archive_opened": True,
    "notify_interval": 15.0,
    "retention_days": 5,
    "default_agree": "Agree",
    "unpermitted_members": [],
    "archive_repeats": 0.0,  # probability that a record comes back under a second seq
}

_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "receipt_cap": ("month_days", "week7", "day1", "none"),
    "default_agree": ("Agree", "Disagree"),
}


class Settings:
    def __init__(self, store: Store) -> None:
        self._table = store.table("settings")
        saved = self._table.get("settings") or {}
        self._row = self._table.put("settings", {**DEFAULTS, **saved})

    def __getitem__(self, name: str) -> Any:
        return self._row[name]

    def all(self) -> Doc:
        return dict(self._row)

    def update(self, changes: Doc) -> None:
        """Refuses the whole change when one value is unknown or of the wrong kind."""
        for name, value in changes.items():
            _check(name, value)
        self._row.update(changes)
        self._table.save("settings")

    def reset(self) -> None:
        self._row.update(DEFAULTS)
        self._table.save("settings")


def _check(name: str, value: object) -> None:
    if name not in DEFAULTS:
        raise ControlError(f"没有设置项 {name!r}。")
    wanted = DEFAULTS[name]
    numeric = isinstance(wanted, int | float) and not isinstance(wanted, bool)
    fits = (
        isinstance(value, int | float) and not isinstance(value, bool)
        if numeric
        else isinstance(value, type(wanted))
    )
    if not fits:
        raise ControlError(f"设置项 {name!r} 的值应形如 {wanted!r}。")
    if name in _CHOICES and value not in _CHOICES[name]:
        raise ControlError(f"设置项 {name!r} 只能是：{', '.join(_CHOICES[name])}。")
