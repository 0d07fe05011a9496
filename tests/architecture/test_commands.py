"""Bad starts end with one clear sentence and a non-zero exit code."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUN = "import runpy; runpy.run_path('scrm/bootstrap.py', run_name='__main__')"


def _python(code: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (f"import sys; sys.version_info = (3, 9, 2); {RUN}", "Python 3.11 or newer is needed"),
        (f"import os; os.access = lambda *a: False; {RUN}", "is not writable"),
    ],
)
def test_a_machine_that_will_not_do(code: str, sentence: str) -> None:
    done = _python(code)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_busy_port_is_named(socket_enabled: None) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = str(busy.getsockname()[1])
        done = _python(
            "import sys; sys.argv = ['manage.py', 'demo'];"
            "from django.core.management import execute_from_command_line as run; run(sys.argv)",
            DJANGO_SETTINGS_MODULE="scrm.settings.demo",
            WEB_PORT=port,
            PYTHONWARNINGS="ignore",
        )
    assert done.returncode == 1
    assert f"端口 {port}" in done.stderr


def test_help_lists_the_verbs() -> None:
    done = subprocess.run(
        ["make", "-f", str(ROOT / "Makefile"), "help"],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    )
    for verb in ("setup", "demo", "check", "test", "smoke", "bench", "chaos"):
        assert f"\n{verb} " in f"\n{done.stdout}"
