from __future__ import annotations

import pytest

from compliance.lexicon import Engine, starter_lexicon


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine.build(starter_lexicon())
