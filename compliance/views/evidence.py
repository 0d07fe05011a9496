"""证据包: asking for one, a second person's word, fetching it."""

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_POST

from compliance.evidence import services as service
from compliance.forms import SearchForm
from compliance.models import Case, EvidencePackage
from scrm.accounts.request import Request
from scrm.core.access import AUDITOR, OFFICER, access
from scrm.core.errors import BusinessError, FourEyes
from scrm.core.pages import go, page_of, perform
from scrm.core.scope import fetch

_OPEN = (EvidencePackage.State.APPROVED, EvidencePackage.State.BUILDING)


@access({OFFICER, AUDITOR})
def packages(request: Request) -> HttpResponse:
    rows = EvidencePackage.objects.visible_to(request.user)
    rows = rows.select_related("requested_by", "decided_by", "branch").defer("messages")
    return render(request, "compliance/evidence.html", {"page": page_of(request, rows)})


@access({OFFICER, AUDITOR})
def package(request: Request, pk: int) -> HttpResponse:
    row = _fetch(request, pk)
    own = row.requested_by_id == request.user.pk
    context = {
        "package": row,
        "own": own,
        "busy": row.state in _OPEN,
        "can_decide": row.state == EvidencePackage.State.PENDING
        and not own
        and request.user.role == OFFICER,
    }
    return render(request, "compliance/evidence_package.html", context)


def _fetch(request: Request, pk: int) -> EvidencePackage:
    rows = EvidencePackage.objects.visible_to(request.user)
    rows = rows.select_related("requested_by", "decided_by", "case__alert", "branch")
    return fetch(rows.defer("messages"), pk=pk)


@require_POST
@access(set(), {OFFICER})
def request_case(request: Request, pk: int) -> HttpResponse:
    case = fetch(Case.objects.visible_to(request.user).select_related("alert__message"), pk=pk)
    try:
        row = service.evidence_request_case(
            case=case, reason=request.POST.get("reason", ""), actor=request.user
        )
    except BusinessError as error:
        messages.error(request, error.message)
        return go(request, "compliance:case", pk)
    return _asked(request, row)


@require_POST
@access(set(), {OFFICER, AUDITOR})
def request_search(request: Request) -> HttpResponse:
    form = SearchForm(request.POST)
    if not form.is_valid():
        messages.error(request, "检索条件有误，请先修改条件再导出。")
        return go(request, "compliance:archive")
    try:
        row = service.evidence_request_search(
            query=form.query(), reason=request.POST.get("reason", ""), actor=request.user
        )
    except BusinessError as error:
        messages.error(request, error.message)
        return go(request, "compliance:archive")
    return _asked(request, row)


def _asked(request: Request, row: EvidencePackage) -> HttpResponse:
    alone = row.state == EvidencePackage.State.APPROVED
    done = "已开始生成。" if alone else f"共 {row.count} 条，需要另一位合规人员批准。"
    messages.success(request, f"证据包已申请，{done}")
    return go(request, "compliance:evidence_package", row.pk)


@require_POST
@access(set(), {OFFICER})
def decide(request: Request, pk: int) -> HttpResponse:
    row, approve = _fetch(request, pk), request.POST.get("decision") == "approve"
    perform(
        request,
        lambda: service.evidence_decide(
            package=row,
            approve=approve,
            reason=request.POST.get("reason", ""),
            actor=request.user,
        ),
        "已批准，开始生成。" if approve else "已拒绝。",
    )
    return go(request, "compliance:evidence_package", pk)


@access({OFFICER, AUDITOR})
def download(request: Request, pk: int) -> HttpResponseBase:
    row = _fetch(request, pk)
    try:
        file = service.evidence_file(package=row, actor=request.user)
    except FourEyes as error:
        return HttpResponse(error.message, status=403)
    except BusinessError as error:
        messages.error(request, error.message)
        return go(request, "compliance:evidence_package", pk)
    return FileResponse(file.open("rb"), as_attachment=True, filename=row.file)
