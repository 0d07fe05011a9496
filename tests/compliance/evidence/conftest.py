"""A small archive with a case in it, and its evidence package."""

import importlib.util
import io
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from compliance.alerts import alert_claim, alert_decide
from compliance.evidence import services
from compliance.evidence.package import DATA
from compliance.models import Alert, Case, EvidencePackage
from tests.factories.cast import Cast, befriend
from tests.factories.compliance import RISKY, Chat


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, settings: Any) -> None:
    settings.EVIDENCE_DIR = str(tmp_path / "evidence")


@pytest.fixture
def case(cast: Cast, chat: Chat) -> Case:
    to = befriend(cast.wang).external_userid
    for n in range(5):
        chat.say("alice", to, f"第 {n} 条 👨‍👩‍👧 “引号” \\ 反斜杠")
        chat.say(to, "alice", f"回 {n}\n换行\u2028行分隔")
    chat.say("alice", to, RISKY)
    chat.archive()
    alert = Alert.objects.get()
    Alert.objects.update(severity=2)
    alert_claim(alert=alert, actor=cast.officer)
    alert_decide(alert=alert, decision="confirm", reason="承诺保本", actor=cast.officer)
    return Case.objects.get()


@pytest.fixture
def package(case: Case, cast: Cast) -> EvidencePackage:
    row = services.evidence_request_case(case=case, reason="监管函 1 号", actor=cast.officer)
    assert services.evidence_build(row.pk), EvidencePackage.objects.get().error
    row.refresh_from_db()
    return row


@pytest.fixture
def folder(package: EvidencePackage, tmp_path: Path) -> Path:
    """The package, extracted."""
    out = tmp_path / "extracted"
    with zipfile.ZipFile(io.BytesIO(services.build.path(package).read_bytes())) as archive:
        archive.extractall(out)
    return out


@pytest.fixture(scope="session")
def verifier() -> ModuleType:
    """verify.py as a module: a trusted copy, not the one in the package."""
    spec = importlib.util.spec_from_file_location("evidence_verify", DATA / "verify.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
