"""The whole product as processes of its own, on free ports, over an empty database."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

import psycopg2
import requests

from channels.providers.wecom.sandbox_control import SandboxControl
from scrm import embedded, local
from scrm.stack import processes

ROOT = Path(__file__).resolve().parents[2]


class NotReady(Exception):
    """A process did not come up, or ended; the text names it."""


class Stack:
    """`with Stack() as stack:` — web at stack.url, sandbox at stack.sandbox."""

    def __init__(
        self,
        *,
        customers: int = 400,
        rms: int = 24,
        durable: bool = False,
        without: tuple[str, ...] = (),
        **environment: str,
    ) -> None:
        # without: processes that the test does not need; starting one costs seconds.
        self.without = without
        # durable: commits survive a crash of PostgreSQL, as in production; slower.
        self.durable = durable
        self.var = Path(tempfile.mkdtemp(prefix="scrm-stack-"))
        self.var.chmod(0o755)
        self.customers, self.rms = customers, rms
        self.extra = environment
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.commands: dict[str, list[str]] = {}
        self.web_port, self.callback_port = embedded.free_port(), embedded.free_port()
        self.sandbox_port = embedded.free_port()
        self.url = f"http://127.0.0.1:{self.web_port}"
        self.sandbox_url = f"http://127.0.0.1:{self.sandbox_port}"
        self.sandbox = SandboxControl(self.sandbox_url)
        self.own_postgres = "DATABASE_URL" not in os.environ
        self.own_redis = "REDIS_URL" not in os.environ

    def __enter__(self) -> "Stack":
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    # Stores

    def _database(self) -> str:
        if self.own_postgres:
            return embedded.start_postgres(self.var / "postgres", quick=not self.durable)
        self.server_url = os.environ["DATABASE_URL"]
        self.database = f"stack_{secrets.token_hex(4)}"
        self._on_server(f"CREATE DATABASE {self.database}")
        base, _, query = self.server_url.partition("?")
        return f"{base.rsplit('/', 1)[0]}/{self.database}" + (f"?{query}" if query else "")

    def _on_server(self, statement: str) -> None:
        connection = psycopg2.connect(self.server_url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
        connection.close()

    def _environment(self) -> dict[str, str]:
        redis_port = embedded.free_port()
        own = {
            "SCRM_VAR": str(self.var),
            "DJANGO_SETTINGS_MODULE": "scrm.settings.demo",
            "WEB_PORT": str(self.web_port),
            "CALLBACK_PORT": str(self.callback_port),
            "SANDBOX_PORT": str(self.sandbox_port),
            "DATABASE_URL": self._database(),
            "REDIS_URL": os.environ.get("REDIS_URL", f"redis://127.0.0.1:{redis_port}/0"),
            "SWEEP_SECONDS": "2",
            "INBOX_LEASE_SECONDS": "15",
            "RESULT_POLL_SECONDS": "1",
            "RECONCILE_GRACE_SECONDS": "3",
            "PYTHONWARNINGS": "ignore",
            **self.extra,
        }
        if self.own_redis:
            embedded_redis = embedded.start_redis(redis_port, self.var / "redis")
            self.processes["redis"] = embedded_redis
        # Started from a test run, the environment already holds another bank's addresses.
        inherited = {k: v for k, v in os.environ.items() if k not in local.defaults()}
        return {**inherited, **own}

    # Processes

    def start(self) -> None:
        self.environment = self._environment()
        self.environment.update(self._local_defaults())
        self.manage("migrate", "-v0")
        self.manage("stack_keys")
        self.manage("demo_data", f"--customers={self.customers}", f"--rms={self.rms}")
        commands = processes.everything(
            var=self.var,
            web_port=self.web_port,
            callback_port=self.callback_port,
            sandbox_port=self.sandbox_port,
            redis_port=None,
        )
        for name, command in commands.items():
            if name not in self.without:
                self.launch(name, command)
        answers = {
            "sandbox": f"{self.sandbox_url}/sandbox/api/health",
            "web": f"{self.url}/healthz",
            "callbacks": f"http://127.0.0.1:{self.callback_port}/healthz",
        }
        for name in answers.keys() - set(self.without):
            self.wait_for(answers[name], name)

    def _local_defaults(self) -> dict[str, str]:
        """The same defaults the settings make, so that the sandbox process sees them too."""
        code = (
            "import json, os; from scrm import local; local.set_environment_defaults();"
            "print(json.dumps(dict(os.environ)))"
        )
        import json

        done = subprocess.run(
            [sys.executable, "-c", code],
            env=self.environment,
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        values: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
        return values

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=self.environment,
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise NotReady(f"manage.py {arguments[0]}: {done.stderr.strip()[-600:]}")
        return done.stdout

    def launch(self, name: str, command: list[str]) -> None:
        with (self.var / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                env=self.environment,
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.commands[name] = command

    def kill(self, name: str) -> None:
        """kill -9 of a process and all its children."""
        process = self.processes[name]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def relaunch(self, name: str) -> None:
        self.launch(name, self.commands[name])

    def wait_for(self, url: str, name: str, seconds: float = 40) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.processes[name].poll() is not None:
                break
            try:
                with urllib.request.urlopen(url, timeout=2):
                    return
            except (URLError, OSError):
                time.sleep(0.1)
        raise NotReady(f"{name} did not come up: {self.log(name)[-800:]}")

    def log(self, name: str) -> str:
        file = self.var / f"{name}.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def stop(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + 8
        for name, process in self.processes.items():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL) if name != "redis" else process.kill()
                process.wait()
        self._drop_stores()

    def _drop_stores(self) -> None:
        import shutil

        if self.own_postgres:
            embedded.remove_postgres(self.var / "postgres")
        elif hasattr(self, "database"):
            self._on_server(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")
        shutil.rmtree(self.var, ignore_errors=True)

    def person(self, username: str, password: str = "demo12345") -> "Person":
        return Person(self.url, username, password)


class Person:
    """Somebody with a browser: signs in, reads pages, posts forms with their CSRF token."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self.url, self.username = url, username
        self.http = requests.Session()
        self.http.get(f"{url}/login/", timeout=20)
        answer = self.post("/login/", username=username, password=password)
        if "/login/" in answer.url:
            raise AssertionError(f"{username} could not sign in")

    def get(self, path: str, **params: object) -> requests.Response:
        answer = self.http.get(self.url + path, params=params, timeout=30)
        assert answer.status_code == 200, f"GET {path} as {self.username}: {answer.status_code}"
        return answer

    def json(self, path: str, **params: object) -> dict:
        return self.get(path, **params).json()

    def post(self, path: str, expect: int = 200, **data: object) -> requests.Response:
        form = {**data, "csrfmiddlewaretoken": self.http.cookies.get("csrftoken", "")}
        answer = self.http.post(self.url + path, data=form, timeout=30)
        assert answer.status_code == expect, f"POST {path} as {self.username}: {answer.status_code}"
        return answer
