"""`make demo`: prepares the demo bank, then keeps its processes until Ctrl-C."""

import os
import sys
import threading
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from honcho.manager import Manager

from contacts.models import Customer
from scrm import embedded, local
from scrm.accounts.demo import LOGINS
from scrm.stack import keys, opening, processes


def _say(text: str) -> None:
    print(text, flush=True)


def check_ports(ports: dict[str, int]) -> None:
    for name, port in ports.items():
        if not embedded.port_is_free(port):
            raise CommandError(
                f"端口 {port}（{name}）已被占用。请先停掉占用它的程序，或换一个端口："
                f"WEB_PORT=8010 CALLBACK_PORT=8011 SANDBOX_PORT=9110 make demo"
            )


def prepare(customers: int) -> bool:
    """Migrations, keys, demo bank. True when the bank was made just now."""
    _say("· 数据库结构")
    call_command("migrate", verbosity=0)
    keys.ensure(Path(settings.WECOM_ARCHIVE_KEYS_DIR), Path(os.environ["SANDBOX_PUBLIC_KEYS_DIR"]))
    if Customer.objects.exists():
        return False
    _say(f"· 生成演示银行（{customers} 位客户）")
    call_command("demo_data", customers=customers, verbosity=0)
    return True


def redis_port() -> int | None:
    """A port for our own Redis, unless the environment names a server.

    Chosen before anything rings: Celery keeps the address that its first bell was sent to.
    """
    if os.environ.get("REDIS_IS_EXTERNAL"):
        return None
    port = embedded.free_port()
    os.environ["REDIS_URL"] = settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
    settings.CELERY_BROKER_URL = settings.REDIS_URL
    return port


def serve(*, web_port: int, callback_port: int, sandbox_port: int, redis_port: int | None) -> int:
    """Runs every process; returns honcho's exit code after all of them have ended."""
    var = local.var_dir()
    commands = processes.everything(
        var=var,
        web_port=web_port,
        callback_port=callback_port,
        sandbox_port=sandbox_port,
        redis_port=redis_port,
    )
    manager = Manager()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "scrm.settings.demo",
        "PYTHONUNBUFFERED": "1",
        # Celery's note about running as root is for servers, not for a demonstration.
        "PYTHONWARNINGS": "ignore",
    }
    for name, command in commands.items():
        manager.add_process(name, _quoted(command), env=environment, cwd=str(local.ROOT))
    threading.Thread(target=_open, args=(web_port, sandbox_port, manager), daemon=True).start()
    manager.loop()
    return int(manager.returncode or 0)


def _quoted(command: list[str]) -> str:
    import shlex

    # exec: honcho starts a shell, and the shell must not stand between a signal and the process.
    return "exec " + shlex.join(command)


def _open(web_port: int, sandbox_port: int, manager: Manager) -> None:
    from django.db import connection

    wait_for(f"http://127.0.0.1:{sandbox_port}/sandbox/api/health")
    wait_for(f"http://127.0.0.1:{web_port}/healthz")
    try:
        opening.open_day()
    except CommandError as error:
        _say(f"演示数据没有完全就绪：{error}")
    finally:
        connection.close()
    _banner(web_port, sandbox_port)


def wait_for(url: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own loopback address
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise CommandError(f"{url} 在 {seconds:.0f} 秒内没有就绪。")


def _banner(web_port: int, sandbox_port: int) -> None:
    lines = [
        "",
        f"  私域运营平台     http://127.0.0.1:{web_port}/",
        f"  企业微信模拟器   http://127.0.0.1:{sandbox_port}/sandbox/",
        "",
        *(f"  {login.role_name}\t{login.username} / {login.password}" for login in LOGINS),
        "",
        "  Ctrl-C 结束全部进程",
        "",
    ]
    _say("\n".join(lines))
    sys.stdout.flush()
