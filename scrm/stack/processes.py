"""The processes of the product, by name, as command lines."""

import sys
from pathlib import Path

from scrm import embedded

WORKERS = {"worker": "callback,dispatch", "welcome": "welcome", "audit": "audit,bulk"}


def _celery(*args: str) -> list[str]:
    return [sys.executable, "-m", "celery", "-q", "-A", "scrm", *args]


def worker(name: str, queues: str, processes: int = 2) -> list[str]:
    options = ["-Q", queues, "-c", str(processes), "-n", f"{name}@%h", "-l", "WARNING"]
    return _celery("worker", *options, "--without-gossip", "--without-mingle")


def beat(var: Path) -> list[str]:
    return _celery("beat", "-s", str(var / "beat"), "--pidfile=", "-l", "WARNING")


def web(port: int, host: str = "127.0.0.1") -> list[str]:
    options = ["-k", "gthread", "-w", "2", "--threads", "4", "--log-level", "warning"]
    return [sys.executable, "-m", "gunicorn", "scrm.wsgi", "-b", f"{host}:{port}", *options]


def callbacks(port: int, host: str = "127.0.0.1") -> list[str]:
    """A server of their own: callbacks never wait behind pages."""
    options = ["-k", "gthread", "-w", "2", "--threads", "8", "--log-level", "warning"]
    return [sys.executable, "-m", "gunicorn", "scrm.callbacks", "-b", f"{host}:{port}", *options]


def sandbox(port: int, state: Path) -> list[str]:
    options = ["--port", str(port), "--host", "127.0.0.1", "--state", str(state)]
    return [sys.executable, "-m", "channels.sandbox", *options]


def everything(
    *, var: Path, web_port: int, callback_port: int, sandbox_port: int, redis_port: int | None
) -> dict[str, list[str]]:
    """{name: command}; Redis only when the environment names none."""
    commands = (
        {} if redis_port is None else {"redis": embedded.redis_command(redis_port, var / "redis")}
    )
    commands["sandbox"] = sandbox(sandbox_port, var / "sandbox")
    commands["web"] = web(web_port)
    commands["callbacks"] = callbacks(callback_port)
    for name, queues in WORKERS.items():
        commands[name] = worker(name, queues)
    commands["beat"] = beat(var)
    return commands
