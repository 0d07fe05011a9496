"""docker-compose.yml speaks of commands, queues, settings and secrets that exist."""

import fnmatch
import importlib
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from scrm.celery import app
from scrm.stack.processes import WORKERS

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = {k: v for k, v in COMPOSE["services"].items() if k not in {"postgres", "redis"}}


def _command(service: dict) -> list[str]:
    if "command" in service:
        return service["command"]
    line = [x for x in (ROOT / "Dockerfile").read_text().splitlines() if x.startswith("CMD ")][-1]
    return yaml.safe_load(line.removeprefix("CMD "))


@pytest.mark.parametrize("name", OURS)
def test_each_command_exists(name: str) -> None:
    command = _command(OURS[name])
    if command[:2] == ["python", "manage.py"]:
        assert command[2] in get_commands()
    else:
        assert importlib.util.find_spec(command[0])
        module = command[command.index("-A") + 1] if "-A" in command else command[1]
        assert importlib.util.find_spec(module)


def _tasks() -> set[str]:
    for name in ("channels", "campaigns", "compliance", "contacts"):
        importlib.import_module(f"{name}.tasks")
    app.finalize()
    return {name for name in app.tasks if not name.startswith("celery.")}


def test_the_workers_cover_every_queue() -> None:
    routes = settings.CELERY_TASK_ROUTES.values()
    needed = {settings.CELERY_TASK_DEFAULT_QUEUE, *(route["queue"] for route in routes)}
    commands = [_command(service) for service in OURS.values()]
    served = {c[c.index("-Q") + 1] for c in commands if "-Q" in c}
    assert needed == served == set(",".join(WORKERS.values()).split(","))


def test_every_route_and_schedule_names_a_task() -> None:
    tasks = _tasks()
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= tasks
    for pattern in settings.CELERY_TASK_ROUTES:
        assert fnmatch.filter(tasks, pattern), pattern


@pytest.mark.parametrize("name", OURS)
def test_our_containers_have_no_rights_to_spare(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["user"].split(":")[0] not in {"0", "root"}
    secrets = [v for k, v in service["environment"].items() if k.endswith("_FILE")]
    assert all(path.startswith("/run/secrets/") for path in secrets)


def _compose() -> list[str]:
    """The compose of this machine: the plugin, or Debian's package that CI installs."""
    plugin = ["docker", "compose"]
    if shutil.which("docker"):
        done = subprocess.run([*plugin, "version"], capture_output=True, check=False)
        if done.returncode == 0:
            return plugin
    return ["docker-compose"] if shutil.which("docker-compose") else []


@pytest.mark.skipif(
    not _compose() and not os.environ.get("CI"), reason="neither docker compose nor docker-compose"
)
def test_compose_accepts_the_file() -> None:
    done = subprocess.run([*_compose(), "config", "-q"], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
