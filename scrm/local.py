"""Defaults for a bank that runs on one machine for a demonstration or a test.

Every secret made here carries DEFAULT_MARK, and the production settings refuse to start on it.
"""

import base64
import hashlib
import os
from pathlib import Path

from scrm import embedded

DEFAULT_MARK = "demo-only"
ROOT = Path(__file__).resolve().parents[1]


def var_dir() -> Path:
    """Folder of everything this machine's demo writes: databases, keys, logs, sandbox state."""
    return Path(os.environ.get("SCRM_VAR", ROOT / "var" / "demo"))


def _secret(name: str) -> str:
    return f"{DEFAULT_MARK}-{hashlib.sha256(name.encode()).hexdigest()}"


def _key_of_32_bytes(name: str) -> str:
    key = hashlib.sha256(name.encode()).digest()
    return f"{DEFAULT_MARK}:{base64.b64encode(key).decode()}"


def ports() -> tuple[int, int, int]:
    """Of the pages, of WeCom's callbacks, of the sandbox."""
    web = int(os.environ.get("WEB_PORT", "8000"))
    callbacks = int(os.environ.get("CALLBACK_PORT", str(web + 1)))
    return web, callbacks, int(os.environ.get("SANDBOX_PORT", "9100"))


def defaults() -> dict[str, str]:
    """Settings of the demo bank that the environment may override, by name."""
    web, callbacks, sandbox = ports()
    agent = os.environ.get("WECOM_AGENT_ID", "1000002")
    corp = os.environ.get("WECOM_CORP_ID", "ww00000000000demo0")
    return {
        "SECRET_KEY": _secret("secret key"),
        "FIELD_KEYS": _key_of_32_bytes("field key of the demo bank"),
        "INDEX_KEY": _secret("index key"),
        "SEAL_KEY": _secret("seal key"),
        "CHAIN_KEYS": f"{DEFAULT_MARK}:{_secret('chain key')}",
        "SIGNING_KEYS": _key_of_32_bytes("signing key of the demo bank"),
        "EVIDENCE_DIR": str(var_dir() / "evidence"),
        "ANCHOR_PATH": str(var_dir() / "anchors" / "anchors.jsonl"),
        "PUBLIC_URL": f"http://127.0.0.1:{web}",
        "WECOM_API_URL": f"http://127.0.0.1:{sandbox}",
        "WECOM_OAUTH_URL": f"http://127.0.0.1:{sandbox}",
        "WECOM_LOGIN_URL": f"http://127.0.0.1:{sandbox}",
        "WECOM_CORP_ID": corp,
        "WECOM_AGENT_ID": agent,
        "WECOM_AGENT_SECRET": _secret("agent secret"),
        "WECOM_ARCHIVE_SECRET": _secret("archive secret"),
        # A demonstration is watched: results are read every few seconds instead of every minute.
        "SWEEP_SECONDS": "5",
        "RESULT_POLL_SECONDS": "3",
        "UNANSWERED_MINUTES": "2",
        "RECONCILE_GRACE_SECONDS": "10",
        "WECOM_CALLBACK_TOKEN": "demoToken",
        "WECOM_CALLBACK_AES_KEY": hashlib.sha256(b"callback").hexdigest()[:43],
        "WECOM_CALLBACK_URL": f"http://127.0.0.1:{callbacks}/callbacks/wecom/{corp}/{agent}/",
        "WECOM_ARCHIVE_KEYS_DIR": str(var_dir() / "archive_keys"),
        "BLOB_DIR": str(var_dir() / "blobs"),
        "SANDBOX_PUBLIC_KEYS_DIR": str(var_dir() / "archive_public_keys"),
    }


def set_environment_defaults() -> None:
    """Fills what the environment leaves open, and starts the embedded stores it does not name."""
    for name, value in defaults().items():
        os.environ.setdefault(name, value)
    if "DATABASE_URL" not in os.environ:
        quick = bool(os.environ.get("SCRM_QUICK_DB"))
        os.environ["DATABASE_URL"] = embedded.start_postgres(var_dir() / "postgres", quick=quick)
    if "REDIS_URL" in os.environ:
        os.environ.setdefault("REDIS_IS_EXTERNAL", "1")
    # Commands that only read settings need no Redis; the demo starts one and names it here.
    os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:6379/0")
