"""Input of the customer pages; what the values may mean is checked by the services."""

import json
from typing import Any

from django import forms

from contacts.models import Consent, Tag
from scrm.core.forms import TablerForm


class UnmaskForm(TablerForm):
    field = forms.ChoiceField(
        choices=[("phone", "手机"), ("id_number", "证件号")], widget=forms.HiddenInput
    )
    reason = forms.CharField(label="查看理由", max_length=200)


class TagForm(TablerForm):
    tag = forms.ModelChoiceField(
        Tag.objects.live().select_related("group"), label="标签", empty_label="选择标签"
    )
    # "remove" takes the tag off; anything else puts it on.
    action = forms.ChoiceField(
        choices=[("add", "加"), ("remove", "去")], required=False, widget=forms.HiddenInput
    )


class FollowUpForm(TablerForm):
    text = forms.CharField(
        label="",
        max_length=1000,
        widget=forms.Textarea(
            attrs={
                "rows": 3,
                "placeholder": "写下沟通了什么、客户怎么说、下一步是什么",
                "aria-label": "跟进内容",
            }
        ),
    )


class ConsentForm(TablerForm):
    purpose = forms.ChoiceField(label="目的", choices=Consent.Purpose.choices)
    channel = forms.ChoiceField(label="渠道", choices=Consent.Channel.choices)
    state = forms.ChoiceField(label="变更为", choices=Consent.State.choices)
    evidence = forms.CharField(label="依据", max_length=200)


class CompleteForm(TablerForm):
    note = forms.CharField(label="结果", max_length=1000, required=False)


class SkipForm(TablerForm):
    reason = forms.CharField(label="原因", max_length=200)


class SnoozeForm(TablerForm):
    days = forms.IntegerField(label="天数")


class RuleField(forms.CharField):
    """A rule as JSON text; whether it is a good rule is the service's matter."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        try:
            return json.loads(text) if text else None
        except (ValueError, RecursionError):
            raise forms.ValidationError("规则不是有效的 JSON。") from None


class SegmentForm(TablerForm):
    name = forms.CharField(label="名称", max_length=60)
    description = forms.CharField(label="说明", max_length=200, required=False)
    rule = RuleField(label="规则")
