"""Sign-in, the way home by role, the organisation page."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator

from scrm.accounts import demo
from scrm.accounts.forms import LoginForm
from scrm.accounts.models import Notice
from scrm.accounts.notices import notices_read
from scrm.accounts.request import Request
from scrm.accounts.selectors import organisation_rows
from scrm.core.access import ADMIN, EVERYONE, HQ, Access, access
from scrm.core.pages import page_of

_HOME = {
    "rm": "contacts:workbench",
    "branch_admin": "campaigns:campaigns",
    "compliance": "compliance:alerts",
    "hq_admin": "insights:board",
    "auditor": "audit:events",
}


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):
    template_name = "accounts/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True
    extra_context = {"demo_logins": demo.LOGINS if settings.DEMO else ()}


class SignOut(LogoutView):
    access = Access(EVERYONE, EVERYONE)


@access(EVERYONE)
def home(request: Request) -> HttpResponse:
    return redirect(_HOME[request.user.role])


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"ok": True})


@access({ADMIN, HQ})
def organisation(request: Request) -> HttpResponse:
    return render(request, "accounts/organisation.html", {"rows": organisation_rows(request.user)})


@access(EVERYONE, EVERYONE)
def notices(request: Request) -> HttpResponse:
    """GET lists one's own notices; POST marks them as read."""
    if request.method == "POST":
        notices_read(actor=request.user)
        return redirect("notices")
    rows = Notice.objects.filter(recipient=request.user)
    return render(request, "accounts/notices.html", {"page": page_of(request, rows)})
