"""The process as an operator runs it: start, kill, start again, refuse to start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from .harness import (
    AES_KEY,
    AGENT,
    ARCHIVE,
    CORP,
    SECRET,
    TOKEN,
    Client,
    Receiver,
    free_port,
    rsa_pair,
    small_world,
    wait_for,
)

ROOT = Path(__file__).parents[3]


def environment() -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "WECOM_CORP_ID": CORP,
        "WECOM_AGENT_ID": str(AGENT),
        "WECOM_AGENT_SECRET": SECRET,
        "WECOM_ARCHIVE_SECRET": ARCHIVE,
        "WECOM_CALLBACK_TOKEN": TOKEN,
        "WECOM_CALLBACK_AES_KEY": AES_KEY,
    }


def command(port: int, state: Path) -> list[str]:
    return [sys.executable, "-m", "channels.sandbox", "--port", str(port), "--state", str(state)]


@contextmanager
def running(state: Path, **extra: str) -> Iterator[tuple[Client, subprocess.Popen[bytes]]]:
    port = free_port()
    process = subprocess.Popen(
        command(port, state), cwd=ROOT, env=environment() | extra, stderr=subprocess.PIPE
    )
    try:
        wait_for(lambda: healthy(port), 15)
        yield Client(port), process
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def healthy(port: int) -> bool:
    try:
        answer = requests.get(f"http://127.0.0.1:{port}/sandbox/api/health", timeout=1)
    except requests.ConnectionError:
        return False
    return answer.json() == {"ok": True}


def test_kill_9_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "1.pem").write_text(rsa_pair()[1])
    with running(tmp_path / "state", SANDBOX_PUBLIC_KEYS_DIR=str(keys)) as (client, process):
        client.control("world", small_world())
        token = client.token()
        msgids = [
            client.post(
                "externalcontact/add_msg_template",
                {"sender": "alice", "text": {"content": f"第{number}批"}},
            )["msgid"]
            for number in range(20)
        ]
        client.act("confirm_task", userid="alice", msgid=msgids[0])
        client.act("customer_delete", userid="Alice", external_userid="wm00006")
        client.control("faults", [{"match": "x", "kind": "rate"}])
        client.control("clock", {"offset": 100})
        pulled = client.post("sandbox/msgaudit/getchatdata", {"seq": 0}, secret=ARCHIVE)
        process.send_signal(signal.SIGKILL)
        process.wait()
    with running(tmp_path / "state") as (client, _):
        assert client.token() == token
        tasks = client.control("tasks")["tasks"]
        assert {task["msgid"] for task in tasks} == set(msgids)
        assert len(client.control("received?msgid=" + msgids[0])["received"]) == 7
        assert client.control("clock")["offset"] == 100
        assert len(client.control("faults")["faults"]) == 1
        again = client.post("sandbox/msgaudit/getchatdata", {"seq": 0}, secret=ARCHIVE)
        assert again["chatdata"] == pulled["chatdata"] and len(again["chatdata"]) == 7
        assert client.control("world")["contacts"] == 7
        client.control("world", small_world())
    with running(tmp_path / "state") as (client, _):
        # Numbers go on after a new world and a restart: a client remembers its last one.
        assert client.control("world")["last_seq"] >= again["chatdata"][-1]["seq"]
        assert client.control("world")["messages"] == 0


def test_kill_9_in_the_middle_of_writing(tmp_path: Path) -> None:
    answered: list[str] = []

    def write(client: Client) -> None:
        body = {"sender": "alice", "text": {"content": "x"}}
        try:
            while True:
                made = client.post("externalcontact/add_msg_template", body)
                answered.append(made["msgid"])
        except requests.RequestException:
            return

    with running(tmp_path / "state") as (client, process):
        client.control("world", small_world())
        client.token()
        writers = [threading.Thread(target=write, args=(client,)) for _ in range(3)]
        for writer in writers:
            writer.start()
        wait_for(lambda: len(answered) > 60)
        process.kill()
        for writer in writers:
            writer.join(10)
    with running(tmp_path / "state") as (client, _):
        kept = {task["msgid"] for task in client.control("tasks?limit=100000")["tasks"]}
    assert set(answered) <= kept


def test_waiting_callbacks_survive_a_kill(tmp_path: Path, receiver: Receiver) -> None:
    settings = {"callback_retry_seconds": 1}
    url = {"WECOM_CALLBACK_URL": receiver.url}
    receiver.answers = [500]
    with running(tmp_path / "state", **url) as (client, process):
        client.control("world", small_world())
        client.control("settings", settings)
        client.act("customer_delete", userid="Alice", external_userid="wm00001")
        wait_for(lambda: not receiver.answers)
        process.kill()
    assert not receiver.events
    with running(tmp_path / "state", **url):
        receiver.wait("del_follow_user")


def test_sigterm_ends_it_cleanly(tmp_path: Path) -> None:
    with running(tmp_path / "state") as (_, process):
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def refused_start(port: int, state: Path, **extra: str) -> str:
    done = subprocess.run(
        command(port, state),
        cwd=ROOT,
        env=environment() | extra,
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1
    lines = done.stderr.decode().strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_one_clear_sentence_when_it_cannot_start(tmp_path: Path) -> None:
    with running(tmp_path / "state") as (client, _):
        port = int(client.base.rsplit(":", 1)[1])
        assert "already in use" in refused_start(port, tmp_path / "other")
        assert "another sandbox" in refused_start(free_port(), tmp_path / "state")
    (tmp_path / "file").write_text("")
    assert "cannot be used" in refused_start(free_port(), tmp_path / "file" / "state")
    url = {"WECOM_CALLBACK_URL": "http://127.0.0.1:1/", "WECOM_CALLBACK_AES_KEY": "short"}
    assert "43 characters" in refused_start(free_port(), tmp_path / "a", **url)


def test_secrets_are_not_logged(tmp_path: Path) -> None:
    with running(tmp_path / "state") as (client, process):
        token = client.token()
        client.get("department/list")
        client.raw("no/such", access_token=token)
        client.post("externalcontact/mark_tag", {"userid": 5})
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=10)
    assert b"listening" in log
    for secret in (SECRET, ARCHIVE, TOKEN, AES_KEY, token):
        assert secret.encode() not in log
