"""The form of one welcome rule."""

from typing import Any

from django import forms

from campaigns.library.models import ContentVersion
from campaigns.welcome.models import WelcomeRule
from campaigns.welcome.selectors import fitting_versions
from campaigns.welcome.services import Plan
from scrm.accounts.models import Branch, User
from scrm.core.access import RM
from scrm.core.forms import TablerForm

Scope = WelcomeRule.Scope


class WelcomeForm(TablerForm):
    scope = forms.ChoiceField(label="适用范围", choices=Scope, initial=Scope.BRANCH)
    branch = forms.ModelChoiceField(
        label="机构（含下级）", queryset=Branch.objects.none(), required=False
    )
    user = forms.ModelChoiceField(
        label="客户经理", queryset=User.objects.none(), required=False, empty_label="请选择"
    )
    channel_state = forms.CharField(
        label="渠道标识", max_length=30, required=False, help_text="与渠道活码上的标识一致。"
    )
    version = forms.ModelChoiceField(
        label="素材", queryset=ContentVersion.objects.none(), empty_label="请选择素材"
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("branch", Branch.objects.visible_to(user))
        self._offer("user", User.objects.visible_to(user).filter(role=RM, is_active=True))
        self._offer("version", fitting_versions(user))
        self.fields["branch"].initial = user.branch_id

    def _offer(self, name: str, rows: Any) -> None:
        self.fields[name].queryset = rows  # type: ignore[attr-defined]

    def plan(self) -> Plan:
        return Plan(**self.cleaned_data)


def welcome_initial(rule: WelcomeRule) -> dict[str, object]:
    return {
        "scope": rule.scope,
        "branch": rule.branch_id,
        "user": rule.user_id,
        "channel_state": rule.channel_state,
        "version": rule.version_id,
    }
