"""Welcome rules: who greets new friends with what."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from campaigns.models import WelcomeRule
from campaigns.welcome import selectors, services
from campaigns.welcome.forms import WelcomeForm, welcome_initial
from channels.models import ContactWay
from scrm.accounts.models import User
from scrm.accounts.request import Request
from scrm.core.access import ADMIN, HQ, RM, access
from scrm.core.errors import BusinessError
from scrm.core.pages import go, page_of, perform
from scrm.core.scope import fetch

AUTHORS = {ADMIN, HQ}
Scope = WelcomeRule.Scope


@access(AUTHORS)
def welcome_rules(request: Request) -> HttpResponse:
    rows = selectors.rules_of(request.user)
    page = page_of(request, rows)
    context = {"page": page, "lines": selectors.lines(list(page), request.user)}
    return render(request, "campaigns/welcome_rules.html", context)


@access(AUTHORS, AUTHORS)
def welcome_create(request: Request) -> HttpResponse:
    asked = request.GET.get("scope", "")
    scope = asked if asked in Scope.values else Scope.BRANCH.value
    form = WelcomeForm(request.POST or None, user=request.user, scope=scope)
    if request.method == "POST" and form.is_valid():
        try:
            services.welcome_rule_create(plan=form.plan(), actor=request.user)
        except BusinessError as error:
            _explain(form, error)
        else:
            messages.success(request, "已启用，下一位新客户就会收到。")
            return redirect("campaigns:welcome_rules")
    return render(request, "campaigns/welcome_edit.html", _editor(request, form, None))


def _editor(request: Request, form: WelcomeForm, rule: WelcomeRule | None) -> dict[str, object]:
    codes = ContactWay.objects.visible_to(request.user).live().order_by("name")[:200]
    return {"form": form, "rule": rule, "scopes": Scope.choices, "codes": codes}


@access(AUTHORS, AUTHORS)
def welcome_rule(request: Request, pk: int) -> HttpResponse:
    rule = _rule(request, pk)
    form = WelcomeForm(
        request.POST or None, user=request.user, scope=rule.scope, initial=welcome_initial(rule)
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.welcome_rule_update(rule=rule, plan=form.plan(), actor=request.user)
        except BusinessError as error:
            _explain(form, error)
        else:
            messages.success(request, "已保存，下一位新客户起生效。")
            return redirect("campaigns:welcome_rules")
    return render(request, "campaigns/welcome_edit.html", _editor(request, form, rule))


@require_POST
@access(set(), AUTHORS)
def welcome_switch(request: Request, pk: int) -> HttpResponse:
    rule, on = _rule(request, pk), request.POST.get("on") == "1"
    perform(
        request,
        lambda: services.welcome_rule_switch(rule=rule, on=on, actor=request.user),
        "已启用。" if on else "已停用，新客户会收到上一级的欢迎语（如有）。",
    )
    return go(request, "campaigns:welcome_rules")


@access(AUTHORS)
def welcome_preview(request: Request) -> HttpResponse:
    """What a new friend of the chosen employee, or of any employee in scope, would get."""
    chosen, number = request.GET.get("user", ""), request.GET.get("version", "")
    employees = User.objects.visible_to(request.user).filter(role=RM, is_active=True)
    if chosen.isdigit():
        employees = employees.filter(pk=chosen)
    employee = employees.select_related("branch").first()
    rows = selectors.fitting_versions(request.user).filter(pk=number if number.isdigit() else 0)
    version = rows.first()
    chosen_ids = [one for one in request.GET.getlist("materials") if one.isdigit()]
    context: dict[str, object] = {"employee": employee}
    if version is not None and employee is not None:
        try:
            services.check_content(version, request.user)
        except BusinessError as error:
            return render(request, "campaigns/_welcome_preview.html", {"error": error.message})
        context |= {
            "text": selectors.words(version, employee),
            "links": selectors.link_cards(version),
            "materials": selectors.shown(request.user, chosen_ids),
        }
    return render(request, "campaigns/_welcome_preview.html", context)


def _rule(request: Request, pk: int) -> WelcomeRule:
    rule: WelcomeRule = fetch(selectors.rules_of(request.user), pk=pk)
    if not selectors.is_editable(rule, request.user):
        raise PermissionDenied("这是上级机构的欢迎语，在本机构同样生效，但不能在这里修改。")
    return rule


def _explain(form: WelcomeForm, error: BusinessError) -> None:
    form.add_error(error.code if error.code in form.fields else None, error.message)
