"""Writes of welcome rules."""

from dataclasses import dataclass

from django.db import IntegrityError, transaction

from campaigns.library import variables
from campaigns.library.models import ContentVersion, Material
from campaigns.library.selectors import usable_materials
from campaigns.welcome.models import WelcomeAttachment, WelcomeRule
from campaigns.welcome.selectors import fitting_versions, link_cards
from channels.tasks import media_refresh
from scrm.accounts.models import Branch, User
from scrm.audit.services import record
from scrm.core.bell import ring
from scrm.core.errors import BusinessError

Scope = WelcomeRule.Scope
# WeCom's limit for one greeting, the card of a link included.
MOST_ATTACHMENTS = 9


@dataclass(frozen=True, slots=True)
class Plan:
    """scope decides which of the three counts."""

    scope: str
    version: ContentVersion
    channel_state: str = ""
    user: User | None = None
    branch: Branch | None = None
    # In the order in which the customer gets them.
    materials: tuple[Material, ...] = ()


@transaction.atomic
def welcome_rule_create(*, plan: Plan, actor: User) -> WelcomeRule:
    rule = WelcomeRule(created_by=actor)
    _fill(rule, plan, actor)
    _save(rule)
    _attach(rule, plan)
    record("welcome.create", actor=actor, obj=rule, after=_view(rule))
    return rule


@transaction.atomic
def welcome_rule_update(*, rule: WelcomeRule, plan: Plan, actor: User) -> None:
    rule = _locked(rule)
    before = _view(rule)
    _fill(rule, plan, actor)
    _save(rule)
    _attach(rule, plan)
    record("welcome.update", actor=actor, obj=rule, before=before, after=_view(rule))


@transaction.atomic
def welcome_rule_switch(*, rule: WelcomeRule, on: bool, actor: User) -> None:
    """Takes effect with the next new friend."""
    rule = _locked(rule)
    if rule.is_active == on:
        return
    rule.is_active = on
    _save(rule)
    ring(media_refresh)
    record("welcome.switch", actor=actor, obj=rule, after={"is_active": on})


def _locked(rule: WelcomeRule) -> WelcomeRule:
    return WelcomeRule.objects.select_for_update().get(pk=rule.pk)


def _fill(rule: WelcomeRule, plan: Plan, actor: User) -> None:
    check_content(plan.version, actor)
    check_materials(plan, actor)
    rule.scope, rule.version = plan.scope, plan.version
    rule.channel_state = plan.channel_state.strip() if plan.scope == Scope.CHANNEL else ""
    rule.user = plan.user if plan.scope == Scope.EMPLOYEE else None
    rule.branch = _home(plan, actor)
    if plan.scope == Scope.CHANNEL and not rule.channel_state:
        raise BusinessError("请填写渠道标识，与渠道活码上的一致。", code="channel_state")
    if plan.scope == Scope.EMPLOYEE and rule.user is None:
        raise BusinessError("请选择客户经理。", code="user")


def _home(plan: Plan, actor: User) -> Branch:
    if plan.scope == Scope.EMPLOYEE and plan.user is not None:
        branch = plan.user.branch
    elif plan.scope == Scope.BRANCH and plan.branch is not None:
        branch = plan.branch
    else:
        branch = actor.branch
    if not branch.path.startswith(actor.branch.path):
        raise BusinessError("只能为本机构及下级设置欢迎语。", code="branch")
    return branch


def check_content(version: ContentVersion, actor: User) -> None:
    """Raises BusinessError when this content cannot greet a stranger."""
    if not fitting_versions(actor).filter(pk=version.pk).exists():
        raise BusinessError(
            "请选择已过审、可用于欢迎语、面向全部客户且不带产品的素材。", code="version"
        )
    if unknown := variables.of_customers(version.body):
        names = "、".join(f"{{{name}}}" for name in unknown)
        raise BusinessError(f"新客户还不认识，欢迎语不能使用变量 {names}。", code="version")


def check_materials(plan: Plan, actor: User) -> None:
    """Raises BusinessError when these cannot go along with the text."""
    wanted = {material.pk for material in plan.materials}
    if usable_materials(actor).filter(pk__in=wanted).count() < len(plan.materials):
        raise BusinessError("请选择已过审、在有效期内的附件，每个只选一次。", code="materials")
    if len(plan.materials) + len(link_cards(plan.version)) > MOST_ATTACHMENTS:
        raise BusinessError(
            f"企业微信一条欢迎语最多 {MOST_ATTACHMENTS} 个附件（含跳转链接的卡片）。",
            code="materials",
        )


def _attach(rule: WelcomeRule, plan: Plan) -> None:
    """Uploads begin at once, so that the first new friend gets them."""
    rule.attachments.all().delete()
    WelcomeAttachment.objects.bulk_create(
        WelcomeAttachment(rule=rule, material=material, position=place)
        for place, material in enumerate(plan.materials, start=1)
    )
    ring(media_refresh)


def _save(rule: WelcomeRule) -> None:
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError:
        raise BusinessError(f"{rule.target}已有启用的欢迎语，请先停用它。") from None


def _view(rule: WelcomeRule) -> dict[str, object]:
    materials = [str(row.material) for row in rule.attachments.select_related("material")]
    return {
        "target": rule.target,
        "content": str(rule.version),
        "attachments": materials,
        "is_active": rule.is_active,
    }
