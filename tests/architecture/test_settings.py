"""Production refuses to start on anything that is only fit for a demonstration."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "DJANGO_SETTINGS_MODULE": "scrm.settings.production",
    "DATABASE_URL": "postgresql://x@127.0.0.1:1/x",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SECRET_KEY": "s" * 40,
    "INDEX_KEY": "i" * 40,
    "SEAL_KEY": "h" * 40,
    "FIELD_KEYS": "k1:" + "A" * 43 + "=",
    "CHAIN_KEYS": "c1:" + "c" * 40,
    "SIGNING_KEYS": "s1:" + "B" * 43 + "=",
    "ANCHOR_PATH": "/nowhere/anchors.jsonl",
    "BLOB_DIR": "/nowhere/blobs",
    "EVIDENCE_DIR": "/nowhere/evidence",
    "PUBLIC_URL": "https://scrm.example",
    "WECOM_CORP_ID": "ww1",
    "WECOM_AGENT_SECRET": "x",
    "WECOM_CALLBACK_TOKEN": "t",
    "WECOM_CALLBACK_AES_KEY": "a" * 43,
    "WECOM_ARCHIVE_SECRET": "x",
    "WECOM_ARCHIVE_KEYS_DIR": "/nowhere",
}


def _start(**changes: str | None) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ["PATH"], **GOOD, **changes}
    return subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"],
        env={k: v for k, v in environment.items() if v is not None},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_good_settings_start() -> None:
    done = _start()
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"SECRET_KEY": "demo-only-" + "x" * 40}, "SECRET_KEY"),
        ({"SEAL_KEY": "demo-only-" + "x" * 40}, "SEAL_KEY"),
        ({"FIELD_KEYS": "demo-only:AAAA"}, "FIELD_KEYS"),
        ({"FIELD_KEYS": ""}, "FIELD_KEYS"),
        ({"CHAIN_KEYS": ""}, "CHAIN_KEYS"),
        ({"CHAIN_KEYS": "demo-only:" + "x" * 40}, "CHAIN_KEYS"),
        ({"SIGNING_KEYS": "B" * 43 + "="}, "SIGNING_KEYS"),
        ({"ANCHOR_PATH": None}, "ANCHOR_PATH"),
        ({"DEBUG": "1"}, "DEBUG"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
    ],
)
def test_each_bad_setting_is_named(change: dict[str, str | None], named: str) -> None:
    done = _start(**change)
    assert done.returncode != 0
    assert named in done.stderr.strip().splitlines()[-1]


def test_demo_logins_keep_production_from_starting(db: None) -> None:
    from django.test import override_settings

    from scrm.accounts.checks import demo_logins
    from scrm.accounts.models import User
    from tests.factories import cast

    with override_settings(DEMO=False):
        assert demo_logins(None, databases=["default"]) == []
        people = cast.make()
        User.objects.filter(pk=people.hq.pk).update(is_demo=True)
        assert [error.id for error in demo_logins(None, databases=["default"])] == ["accounts.E001"]
