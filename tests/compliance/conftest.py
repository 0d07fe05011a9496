"""A chat source whose private key lies where the settings say."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compliance import lexicons
from compliance.archive import keys
from tests.factories.compliance import Chat, write_key


@pytest.fixture
def chat(tmp_path: Path, settings: Any) -> Iterator[Chat]:
    settings.WECOM_ARCHIVE_KEYS_DIR = str(tmp_path)
    write_key(tmp_path)
    keys._load.cache_clear()
    yield Chat()
    keys._load.cache_clear()


@pytest.fixture(autouse=True)
def _fresh_lexicon() -> Iterator[None]:
    """No test sees the engine that another one left in this process."""
    lexicons.forget()
    yield
    lexicons.forget()


@pytest.fixture(autouse=True)
def anchor_file(tmp_path: Path, settings: Any) -> Path:
    """No test meets the anchors of another one, whose leaves were rolled back."""
    settings.ANCHOR_PATH = str(tmp_path / "outside" / "anchors.jsonl")
    return Path(settings.ANCHOR_PATH)
