"""All checks at once, none of them longer than ten seconds."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from channels.doctor import application, archive, callbacks, quota
from channels.doctor.facts import Facts, gather
from channels.doctor.finding import Finding, Outcome, State, unknown
from scrm.audit.services import record
from scrm.core.actors import Actor

logger = logging.getLogger(__name__)
_SECONDS = 10.0
Check = Callable[[Facts], Outcome]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("网络与时钟", application.reach),
    ("企业 ID", application.corp_id),
    ("应用 Secret", application.app_secret),
    ("企业可信 IP", application.trusted_ip),
    ("客户联系权限", application.callable_app),
    ("应用可见范围", application.visible_range),
    ("素材上传", application.media_upload),
    ("回调地址", callbacks.own_address),
    ("收到回调", callbacks.received),
    ("存档 Secret", archive.secret),
    ("存档私钥", archive.keys),
    ("获客助手额度", quota.acquisition),
    ("群发与接口余量", quota.calls),
)


# Asked of each further application; the others concern the bank's address, archive or main app.
_EACH = (
    "企业 ID",
    "应用 Secret",
    "企业可信 IP",
    "客户联系权限",
    "应用可见范围",
    "回调地址",
    "收到回调",
)


def examine(*, actor: Actor) -> list[Finding]:
    """Runs every check and writes down in the audit trail that somebody did."""
    findings = _run(gather())
    record("doctor.run", actor=actor, label="连接检查", after=counts(findings))
    return findings


def counts(findings: list[Finding]) -> dict[str, int]:
    """How many findings of each state."""
    return {state.value: sum(row.state is state for row in findings) for state in State}


def _questions(known: list[Facts]) -> list[tuple[str, Check, Facts]]:
    questions = [(name, check, known[0]) for name, check in CHECKS]
    for facts in known[1:]:
        questions += [
            (f"{name} · {facts.app.name}", check, facts) for name, check in CHECKS if name in _EACH
        ]
    return questions


def _run(known: list[Facts]) -> list[Finding]:
    questions = _questions(known)
    pool = ThreadPoolExecutor(len(questions), thread_name_prefix="doctor")
    deadline = time.monotonic() + _SECONDS
    futures = [(name, pool.submit(check, facts)) for name, check, facts in questions]
    findings = [_finding(name, future, deadline) for name, future in futures]
    # A check that hangs ends with its own time-out; nobody waits for it here.
    pool.shutdown(wait=False, cancel_futures=True)
    return findings


def _finding(name: str, future: Future[Outcome], deadline: float) -> Finding:
    outcome = _outcome(name, future, max(0.0, deadline - time.monotonic()))
    return Finding(name, outcome.state, outcome.found, outcome.mend)


def _outcome(name: str, future: Future[Outcome], seconds: float) -> Outcome:
    try:
        return future.result(timeout=seconds)
    except TimeoutError:
        return unknown("10 秒内没有答复。", "稍后重新检查；若持续出现，检查服务器出网。")
    except Exception:
        # One broken check must not hide what the others found.
        logger.exception("check %s broke", name)
        return unknown("检查本身出错，没有结论。", "请把服务日志交给系统管理员。")
