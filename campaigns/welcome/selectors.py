"""Which rule greets a new friend, and what it says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from campaigns.library import materials, variables
from campaigns.library.models import ContentVersion, Material
from campaigns.library.selectors import usable_materials, usable_versions
from campaigns.library.services import KIND
from campaigns.welcome.models import WelcomeAttachment, WelcomeRule
from channels.media import uploads
from channels.models import MediaUpload
from compliance.gate import Offer, Part
from scrm.accounts.models import User

Scope = WelcomeRule.Scope
_NEARNESS = {Scope.CHANNEL: 2, Scope.EMPLOYEE: 1, Scope.BRANCH: 0}
# What a link is called in the customer's chat; constant, so that an approval covers every word.
_LINK_TITLE = "查看详情"


def rules_of(user: User) -> QuerySet[WelcomeRule]:
    """One's own branch, below and above: those above apply here too."""
    rows = WelcomeRule.objects.visible_to(user)
    return rows.prefetch_related("attachments__material").select_related(
        "user", "branch", "version__content", "version__product"
    )


def is_editable(rule: WelcomeRule, user: User) -> bool:
    """A rule of a higher branch applies here; it is changed there."""
    return rule.branch.path.startswith(user.branch.path)


def fitting_versions(user: User) -> QuerySet[ContentVersion]:
    """Contents that may greet: usable and approved for it, for everybody and without a product, as
    a stranger has neither tier nor risk level."""
    return usable_versions(user).filter(product=None, tiers=[], channels__contains="welcome")


def rules_for(employee: User, channel_state: str) -> list[WelcomeRule]:
    """Active rules that fit, the nearest first: channel, employee, then branches up the tree."""
    above = [int(part) for part in employee.branch.path.strip("/").split("/")]
    fits = Q(scope=Scope.EMPLOYEE, user=employee) | Q(scope=Scope.BRANCH, branch_id__in=above)
    if channel_state:
        fits |= Q(scope=Scope.CHANNEL, channel_state=channel_state)
    rows = WelcomeRule.objects.filter(fits, is_active=True).select_related(
        "branch", "version__content", "version__product"
    )
    return sorted(rows, key=_distance, reverse=True)


def _distance(rule: WelcomeRule) -> tuple[int, int]:
    return _NEARNESS[Scope(rule.scope)], len(rule.branch.path.split("/"))


def offers(employee: User, channel_state: str) -> list[Offer]:
    """What the gate may clear for this new friend, the nearest first."""
    return [_offer(rule, employee) for rule in rules_for(employee, channel_state)]


def _offer(rule: WelcomeRule, employee: User) -> Offer:
    version = rule.version
    return Offer(
        text=words(version, employee),
        attachments=link_cards(version),
        parts=tuple(_part(material) for material in materials_of(rule)),
        content_kind=KIND,
        content_id=version.pk,
        risk_grade=version.product.risk_grade if version.product else 0,
        valid_until=version.valid_until,
    )


def words(version: ContentVersion, employee: User) -> str:
    return variables.render_for_stranger(version.body, sender=employee, link=version.link_url)


def materials_of(rule: WelcomeRule) -> list[Material]:
    """In their order, without the bytes."""
    rows = WelcomeAttachment.objects.filter(rule=rule).select_related("material__file")
    return [row.material for row in rows.defer("material__file__content")]


def _part(material: Material) -> Part:
    return Part(
        attachment=attachment(material),
        text=materials.words(material),
        content_kind=materials.KIND,
        content_id=material.pk,
        valid_until=material.valid_until,
    )


def attachment(material: Material) -> dict[str, Any]:
    """As WeCom takes it, but for files: those are named by our ids (channels.media.uploads)."""
    body: dict[str, Any] = {"file": material.file_id, "name": material.title}
    if material.kind == Material.Kind.MINIPROGRAM:
        body = {
            "title": material.title,
            "pic_file": material.file_id,
            "appid": material.appid,
            "page": material.page,
        }
    return {"msgtype": material.kind, material.kind: body}


def files_wanted() -> set[int]:
    """Files of active rules, which must stand at WeCom before anybody is greeted with them."""
    rows = WelcomeAttachment.objects.filter(
        rule__is_active=True,
        material__state=Material.State.APPROVED,
        material__valid_until__gte=timezone.localdate(),
    )
    return set(rows.values_list("material__file_id", flat=True))


@dataclass(frozen=True, slots=True)
class Shown:
    """A material in the preview; trouble: why a new friend would not get it now, or ""."""

    material: Material
    trouble: str


def shown(user: User, chosen: Sequence[str]) -> list[Shown]:
    """The chosen ones in their order, each with the state of its copy at WeCom."""
    rows = {str(row.pk): row for row in usable_materials(user).filter(pk__in=chosen)}
    picked = [rows[one] for one in dict.fromkeys(chosen) if one in rows]
    copies = uploads.copies_of(material.file_id for material in picked)
    return [Shown(row, _trouble(copies.get(row.file_id, []))) for row in picked]


def _trouble(copies: list[MediaUpload]) -> str:
    now = timezone.now()
    if any(copy.expires_at and copy.expires_at > now for copy in copies):
        return ""
    errors = [copy.error for copy in copies if copy.error]
    return (
        f"上传到企业微信没有成功：{errors[0]}"
        if errors
        else "保存后上传到企业微信，通常一分钟内完成。"
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A rule in the list; lacking: attachments that a new friend would not get now, and why."""

    rule: WelcomeRule
    editable: bool
    materials: list[Material]
    lacking: list[str]


def lines(rules: list[WelcomeRule], user: User) -> list[Line]:
    rows = {rule: [a.material for a in rule.attachments.all()] for rule in rules}
    copies = uploads.copies_of(m.file_id for attached in rows.values() for m in attached)
    return [
        Line(
            rule,
            is_editable(rule, user),
            attached,
            [why for m in attached if (why := _lack(m, copies.get(m.file_id, [])))],
        )
        for rule, attached in rows.items()
    ]


def _lack(material: Material, copies: list[MediaUpload]) -> str:
    today = timezone.localdate()
    why = _trouble(copies)
    if material.state != Material.State.APPROVED:
        why = f"{material.get_state_display()}，不会随附。"
    elif not material.valid_from <= today <= material.valid_until:
        why = "不在有效期内，不会随附。"
    return f"「{material.title}」{why}" if why else ""


def link_cards(version: ContentVersion) -> tuple[dict[str, Any], ...]:
    """The link as a card of its own, unless the text already shows it."""
    if not version.link_url or variables.LINK in variables.used(version.body):
        return ()
    return ({"msgtype": "link", "link": {"title": _LINK_TITLE, "url": version.link_url}},)
