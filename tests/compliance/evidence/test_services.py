"""Who may ask for a package, who must agree, who may fetch it; what a crash leaves is finished."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from compliance.evidence import services
from compliance.models import Case, EvidencePackage, LogLeaf
from compliance.selectors.search import Query
from scrm.accounts.models import User
from scrm.audit.models import AuditEvent
from scrm.core.errors import BusinessError, FourEyes, IllegalTransition
from tests.factories.cast import Cast

SignIn = Callable[[User], Client]


@pytest.fixture
def pending(case: Case, cast: Cast, settings: Any) -> EvidencePackage:
    settings.EVIDENCE_ALONE_UP_TO = 3
    return services.evidence_request_case(case=case, reason="监管函", actor=cast.officer)


def test_a_reason_is_required(case: Case, cast: Cast) -> None:
    with pytest.raises(BusinessError, match="理由"):
        services.evidence_request_case(case=case, reason="  ", actor=cast.officer)
    assert not EvidencePackage.objects.exists()


def test_many_messages_need_a_second_person(pending: EvidencePackage, cast: Cast) -> None:
    assert pending.state == "pending"
    assert not services.evidence_build(pending.pk)
    decide = services.evidence_decide
    with pytest.raises(FourEyes):
        decide(package=pending, approve=True, reason="", actor=cast.officer)
    row = decide(package=pending, approve=True, reason="", actor=cast.officer_head)
    assert (row.state, row.decided_by) == ("approved", cast.officer_head)
    with pytest.raises(IllegalTransition):
        decide(package=pending, approve=False, reason="迟了", actor=cast.officer_head)
    assert services.evidence_build(pending.pk)
    assert not services.evidence_build(pending.pk)


def test_a_refusal_has_a_reason_and_is_final(pending: EvidencePackage, cast: Cast) -> None:
    decide = services.evidence_decide
    with pytest.raises(BusinessError, match="理由"):
        decide(package=pending, approve=False, reason="", actor=cast.officer_head)
    decide(package=pending, approve=False, reason="范围过大", actor=cast.officer_head)
    assert services.sweep() == 0
    pending.refresh_from_db()
    assert (pending.state, pending.error) == ("refused", "范围过大")


def test_every_step_is_audited_and_logged(package: EvidencePackage, cast: Cast) -> None:
    services.evidence_file(package=package, actor=cast.officer)
    events = AuditEvent.objects.filter(object_type="compliance.evidencepackage").order_by("id")
    assert [event.action for event in events] == [
        "evidence.request",
        "evidence.build",
        "evidence.ready",
        "evidence.download",
    ]
    keys = [event.pk for event in events]
    assert LogLeaf.objects.filter(kind="audit", ref__in=keys).count() == 4


def test_only_the_requester_fetches_it(
    package: EvidencePackage, cast: Cast, sign_in: SignIn
) -> None:
    address = reverse("compliance:evidence_download", args=[package.pk])
    answer = sign_in(cast.officer).get(address)
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content)[:2] == b"PK"
    assert sign_in(cast.officer_head).get(address).status_code == 403
    assert sign_in(cast.officer_shanghai).get(address).status_code == 404
    assert sign_in(cast.admin).get(address).status_code == 403


def test_packages_are_seen_in_scope(package: EvidencePackage, cast: Cast, sign_in: SignIn) -> None:
    for name, arguments in (("evidence", []), ("evidence_package", [package.pk])):
        address = reverse(f"compliance:{name}", args=arguments)
        for person in (cast.officer, cast.officer_head, cast.auditor):
            assert package.title in sign_in(person).get(address).content.decode()
        other = sign_in(cast.officer_shanghai).get(address)
        assert other.status_code == (404 if arguments else 200)
        assert package.title not in other.content.decode()


def test_asked_for_on_the_pages(case: Case, cast: Cast, sign_in: SignIn, settings: Any) -> None:
    officer = sign_in(cast.officer)
    assert "申请导出" in officer.get(reverse("compliance:case", args=[case.pk])).content.decode()
    answer = officer.post(reverse("compliance:evidence_case", args=[case.pk]), {"reason": "监管函"})
    row = EvidencePackage.objects.get()
    assert answer["Location"] == reverse("compliance:evidence_package", args=[row.pk])
    assert (row.count, row.state) == (11, "approved")
    found = officer.post(reverse("compliance:archive"), {"words": "保本保息"}).content.decode()
    assert "导出为证据包" in found
    settings.EVIDENCE_ALONE_UP_TO = 0
    officer.post(reverse("compliance:evidence_search"), {"words": "保本保息", "reason": "核查"})
    asked = EvidencePackage.objects.latest("id")
    assert (asked.count, asked.state) == (1, "pending")
    decide = reverse("compliance:evidence_decide", args=[asked.pk])
    officer.post(decide, {"decision": "approve"})
    asked.refresh_from_db()
    assert asked.state == "pending"
    sign_in(cast.officer_head).post(decide, {"decision": "approve"})
    asked.refresh_from_db()
    assert asked.state == "approved"


def test_a_dead_builder_is_taken_over_and_old_files_go(
    case: Case, cast: Cast, settings: Any
) -> None:
    row = services.evidence_request_case(case=case, reason="监管函", actor=cast.officer)
    assert services._claim(row.pk)  # and then its worker died
    assert services.sweep() == 0
    long_ago = timezone.now() - datetime.timedelta(minutes=16)
    EvidencePackage.objects.update(started_at=long_ago)
    assert services.sweep() == 1
    row.refresh_from_db()
    file = services.build.path(row)
    assert file.exists()
    EvidencePackage.objects.update(finished_at=timezone.now() - datetime.timedelta(days=8))
    services.sweep()
    row.refresh_from_db()
    assert (row.state, file.exists()) == ("expired", False)


def test_a_search_is_told_in_words_and_without_personal_data():
    query = Query(words="保本", direction="out", hits="yes", msgtype="text", staff="13812345678")
    assert query.told() == "员工 138****5678，词语 保本，类型 文字，方向 员工发出，扫描结果 有命中"
    assert Query().told() == ""
