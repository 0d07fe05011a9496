"""Two worker processes take up a new version by themselves, and nothing goes unscanned meanwhile."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from compliance.lexicons import lexicon_activate, lexicon_import_csv
from tests.factories.cast import Cast

_ROOT = Path(__file__).parents[2]
_WORKER = """
import json, time
import django
django.setup()
from compliance.lexicons import active_engine
from compliance.scanning import scan_text
active_engine()
print(json.dumps(["ready", time.time(), ""]), flush=True)
while True:
    result = scan_text("我给您推荐火星理财计划，周五说。")
    print(json.dumps([result.lexicon_version, time.time(), result.lexicon_digest]), flush=True)
    if result.lexicon_version != "starter-1":
        break
    time.sleep(0.02)
"""


def _worker(environment: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", _WORKER],
        cwd=_ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def environment() -> dict[str, str]:
    """The settings of this test process for a child: same code, same test database."""
    held: dict[str, Any] = connection.settings_dict
    user, host, port = held["USER"], held["HOST"], held["PORT"]
    login = f"{user}:{held['PASSWORD']}" if held["PASSWORD"] else user
    url = f"postgresql://{login}@{host}:{port}/{held['NAME']}"
    if str(host).startswith("/"):
        url = f"postgresql://{login}@/{held['NAME']}?host={host}"
    return dict(os.environ, DJANGO_SETTINGS_MODULE="scrm.settings.test", DATABASE_URL=url)


@pytest.mark.django_db(transaction=True)
def test_every_worker_takes_up_the_new_version(cast: Cast, environment: dict[str, str]) -> None:
    draft = lexicon_import_csv(
        text="火星理财计划,off_book_sale,4\n", note="热切换", actor=cast.officer
    )
    workers = [_worker(environment) for _ in range(2)]
    for worker in workers:
        lines = iter(worker.stdout or [])
        assert any(line.startswith('["ready"') for line in lines)
    lexicon_activate(version=draft, actor=cast.officer_head)
    swapped_at = time.time()
    for worker in workers:
        out, errors = worker.communicate(timeout=60)
        assert worker.returncode == 0, errors  # no scan failed on the way
        rows = [json.loads(line) for line in out.splitlines() if line.startswith('["')]
        assert [row[0] for row in rows[:-1]] == ["starter-1"] * (len(rows) - 1)
        assert (rows[-1][0], rows[-1][2]) == (draft.number, draft.digest)
        print(f"took it up after {rows[-1][1] - swapped_at:.2f} s")
