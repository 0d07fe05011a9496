"""Start-up configuration: environment first, command line flags on top."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Config:
    host: str
    port: int
    state_dir: Path
    public_url: str
    corp_id: str
    agent_id: int
    agent_secret: str
    archive_secret: str
    callback_token: str
    callback_aes_key: str
    callback_url: str
    public_keys_dir: Path | None


# flag, environment variable, default, help
_OPTIONS: tuple[tuple[str, str, str, str], ...] = (
    ("--host", "SANDBOX_HOST", "127.0.0.1", "address to listen on"),
    ("--port", "SANDBOX_PORT", "9100", "port to listen on"),
    ("--state", "SANDBOX_STATE_DIR", "./sandbox-state", "folder that keeps the simulated corp"),
    ("--public-url", "SANDBOX_PUBLIC_URL", "", "base URL under which browsers reach this server"),
    ("--corp-id", "WECOM_CORP_ID", "wwsandbox00000001", "corp id"),
    ("--agent-id", "WECOM_AGENT_ID", "1000002", "id of the self-built app"),
    ("--agent-secret", "WECOM_AGENT_SECRET", "sandbox-agent-secret", "secret of the app"),
    ("--archive-secret", "WECOM_ARCHIVE_SECRET", "sandbox-archive-secret", "archive secret"),
    ("--callback-token", "WECOM_CALLBACK_TOKEN", "", "callback Token"),
    ("--callback-aes-key", "WECOM_CALLBACK_AES_KEY", "", "callback EncodingAESKey (43 chars)"),
    ("--callback-url", "WECOM_CALLBACK_URL", "", "full URL that receives callbacks"),
    ("--public-keys-dir", "SANDBOX_PUBLIC_KEYS_DIR", "", "folder of <version>.pem archive keys"),
)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="channels.sandbox",
        description="WeCom simulator: speaks WeCom's HTTP API and never reaches a real person.",
    )
    for flag, variable, default, text in _OPTIONS:
        parser.add_argument(flag, default=os.environ.get(variable) or default, help=text)
    return parser


def parse_config(argv: list[str]) -> Config:
    """Raises ValueError with one readable sentence when a value cannot work."""
    args = build_parser().parse_args(argv)
    port = _number(args.port, "port")
    if args.callback_url and len(args.callback_aes_key) != 43:
        raise ValueError("a callback URL needs WECOM_CALLBACK_AES_KEY with exactly 43 characters")
    return Config(
        host=args.host,
        port=port,
        state_dir=Path(args.state),
        public_url=(args.public_url or f"http://{_reachable(args.host)}:{port}").rstrip("/"),
        corp_id=args.corp_id,
        agent_id=_number(args.agent_id, "agent id"),
        agent_secret=args.agent_secret,
        archive_secret=args.archive_secret,
        callback_token=args.callback_token,
        callback_aes_key=args.callback_aes_key,
        callback_url=args.callback_url,
        public_keys_dir=Path(args.public_keys_dir) if args.public_keys_dir else None,
    )


def _number(text: str, what: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"the {what} must be a whole number, not {text!r}") from None


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104
