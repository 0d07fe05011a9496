"""Materials: what may be attached, with its approval and its copy at WeCom."""

from urllib.parse import quote

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from campaigns.library import materials as services
from campaigns.library.forms import MaterialForm
from campaigns.library.models import Material
from campaigns.library.selectors import materials_of
from scrm.accounts.request import Request
from scrm.core.access import ADMIN, HQ, OFFICER, access
from scrm.core.errors import BusinessError
from scrm.core.pages import go, page_of, perform
from scrm.core.scope import fetch

AUTHORS = {ADMIN, HQ}
# A file that was opened by itself may run nothing, whatever it holds.
_FILE_POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; sandbox"


@access(AUTHORS)
def materials(request: Request) -> HttpResponse:
    page = page_of(request, materials_of(request.user), 12)
    home = request.user.branch.path
    own = {row.pk for row in page if row.branch.path.startswith(home)}
    context = {"page": page, "own": own}
    return render(request, "campaigns/materials.html", context)


@access(AUTHORS, AUTHORS)
def material_create(request: Request) -> HttpResponse:
    form = MaterialForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.material_create(draft=form.draft(), actor=request.user)
        except BusinessError as error:
            form.add_error(error.code if error.code in form.fields else None, error.message)
        else:
            messages.success(request, "已提交审批，通过后就能附在欢迎语里。")
            return redirect("campaigns:materials")
    return render(request, "campaigns/material_create.html", {"form": form})


@require_POST
@access(set(), AUTHORS)
def material_withdraw(request: Request, pk: int) -> HttpResponse:
    material = fetch(materials_of(request.user), pk=pk)
    if not material.branch.path.startswith(request.user.branch.path):
        raise PermissionDenied("这是上级机构的附件，只能使用，不能撤回。")
    perform(
        request,
        lambda: services.material_withdraw(material=material, actor=request.user),
        "已撤回，下一位新客户起不再随附。",
    )
    return go(request, "campaigns:materials")


@access({ADMIN, HQ, OFFICER})
def material_file(request: Request, pk: int) -> HttpResponse:
    """Pictures and videos to look at, documents to save."""
    file = fetch(Material.objects.visible_to(request.user).select_related("file"), pk=pk).file
    shown = file.content_type.startswith(("image/", "video/"))
    place = "inline" if shown else "attachment"
    headers = {
        "Content-Security-Policy": _FILE_POLICY,
        "Cache-Control": "private, max-age=3600",
        "Content-Disposition": f"{place}; filename*=UTF-8''{quote(file.name)}",
    }
    return HttpResponse(bytes(file.content), file.content_type, headers=headers)
