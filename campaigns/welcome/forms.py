"""The form of one welcome rule."""

from typing import Any

from django import forms

from campaigns.library.models import ContentVersion, Material
from campaigns.library.selectors import usable_materials
from campaigns.welcome.models import WelcomeRule
from campaigns.welcome.selectors import fitting_versions
from campaigns.welcome.services import MOST_ATTACHMENTS, Plan
from scrm.accounts.models import Branch, User
from scrm.core.access import RM
from scrm.core.forms import TablerForm

Scope = WelcomeRule.Scope


# The one field beside the content that each scope asks for.
_FIELD = {Scope.CHANNEL: "channel_state", Scope.EMPLOYEE: "user", Scope.BRANCH: "branch"}


class Slots(forms.SelectMultiple):
    """A select for each place, so that the order is chosen too."""

    template_name = "forms/slots.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        chosen = [str(one) for one in value or [] if one][:MOST_ATTACHMENTS]
        slots = chosen + [""] * (MOST_ATTACHMENTS - len(chosen))
        choices = [(str(pk), label) for pk, label in self.choices]
        return {"name": name, "slots": slots, "choices": choices}


class OrderedMaterials(forms.ModelMultipleChoiceField):
    widget = Slots

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.get_kind_display()} · {obj.title}"

    def clean(self, value: Any) -> tuple[Material, ...]:  # type: ignore[override]
        """In the order of their places, each once."""
        chosen = list(dict.fromkeys(one for one in value or [] if one))
        rows = {str(row.pk): row for row in super().clean(chosen)}
        return tuple(rows[one] for one in chosen)


class WelcomeForm(TablerForm):
    branch = forms.ModelChoiceField(
        label="机构（含下级）", queryset=Branch.objects.none(), empty_label=None
    )
    user = forms.ModelChoiceField(
        label="客户经理", queryset=User.objects.none(), empty_label="请选择客户经理"
    )
    channel_state = forms.CharField(
        label="渠道标识",
        max_length=30,
        help_text="与活码上的标识一致。",
        widget=forms.TextInput(attrs={"list": "codes"}),
    )
    version = forms.ModelChoiceField(
        label="素材", queryset=ContentVersion.objects.none(), empty_label="请选择素材"
    )
    materials = OrderedMaterials(label="附件", queryset=Material.objects.none(), required=False)

    def __init__(self, *args: Any, user: User, scope: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope = Scope(scope)
        self._offer("branch", Branch.objects.visible_to(user))
        self._offer("user", User.objects.visible_to(user).filter(role=RM, is_active=True))
        self._offer("version", fitting_versions(user))
        self._offer("materials", usable_materials(user))
        for name in set(_FIELD.values()) - {_FIELD[self.scope]}:
            del self.fields[name]

    def _offer(self, name: str, rows: Any) -> None:
        self.fields[name].queryset = rows  # type: ignore[attr-defined]

    def plan(self) -> Plan:
        return Plan(scope=self.scope, **self.cleaned_data)


def welcome_initial(rule: WelcomeRule) -> dict[str, object]:
    return {
        "branch": rule.branch_id,
        "user": rule.user_id,
        "channel_state": rule.channel_state,
        "version": rule.version_id,
        "materials": list(rule.attachments.values_list("material_id", flat=True)),
    }
