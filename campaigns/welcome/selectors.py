"""Which rule greets a new friend, and what it says."""

from django.db.models import Q, QuerySet

from campaigns.library import variables
from campaigns.library.models import ContentVersion
from campaigns.library.selectors import usable_versions
from campaigns.library.services import KIND
from campaigns.welcome.models import WelcomeRule
from compliance.gate import Offer
from scrm.accounts.models import User

Scope = WelcomeRule.Scope
_NEARNESS = {Scope.CHANNEL: 2, Scope.EMPLOYEE: 1, Scope.BRANCH: 0}
# What a link is called in the customer's chat; constant, so that an approval covers every word.
_LINK_TITLE = "查看详情"


def rules_of(user: User) -> QuerySet[WelcomeRule]:
    """One's own branch, below and above: those above apply here too."""
    return WelcomeRule.objects.visible_to(user).select_related(
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
    return [_offer(rule.version, employee) for rule in rules_for(employee, channel_state)]


def _offer(version: ContentVersion, employee: User) -> Offer:
    return Offer(
        text=words(version, employee),
        attachments=attachments(version),
        content_kind=KIND,
        content_id=version.pk,
        risk_grade=version.product.risk_grade if version.product else 0,
        valid_until=version.valid_until,
    )


def words(version: ContentVersion, employee: User) -> str:
    return variables.render_for_stranger(version.body, sender=employee, link=version.link_url)


def attachments(version: ContentVersion) -> tuple[dict[str, object], ...]:
    """The link as a card of its own, unless the text already shows it."""
    if not version.link_url or variables.LINK in variables.used(version.body):
        return ()
    return ({"msgtype": "link", "link": {"title": _LINK_TITLE, "url": version.link_url}},)
